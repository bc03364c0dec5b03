"""The benchmark's checks: they find what was sent twice, never, or under another SID."""

from tests.bench.audit import wrong_creates

ADA, BOB = "+14152000000", "+14152000001"


def create(to: str, sid: str) -> dict[str, object]:
    return {"to": to, "sid": sid}


def test_one_create_each_under_the_stored_sids_is_right() -> None:
    creates = [create(ADA, "SM1"), create(BOB, "SM2")]
    assert wrong_creates([ADA, BOB], {ADA: "SM1", BOB: "SM2"}, creates) == []


def test_a_message_created_twice_is_found() -> None:
    creates = [create(ADA, "SM1"), create(ADA, "SM2")]
    assert "1 messages were created more than once" in wrong_creates([ADA], {ADA: "SM1"}, creates)


def test_a_message_never_created_is_found() -> None:
    assert wrong_creates([ADA, BOB], {ADA: "SM1"}, [create(ADA, "SM1")]) == ["1 messages were never created"]


def test_a_message_that_nobody_handed_over_is_found() -> None:
    creates = [create(ADA, "SM1"), create(BOB, "SM2")]
    wrong = wrong_creates([ADA], {ADA: "SM1", BOB: "SM2"}, creates)
    assert wrong == ["1 messages were created that nobody had handed over"]


def test_another_sid_in_the_store_is_found() -> None:
    wrong = wrong_creates([ADA], {ADA: "SM2"}, [create(ADA, "SM1")])
    assert wrong == ["1 messages have another SID in the store"]
