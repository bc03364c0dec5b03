"""Of which messages a person may say that they were not sent: only where no attempt that counts made one."""

from tests.faults.quiet import never_created
from tests.faults.records import Create, Stored


def stored(**changes: int) -> Stored:
    return Stored("m1", "alerts", None, "unconfirmed", None, None, None, segments=1, created_at=99.0, **changes)


def create(attempt: int, *, created: bool) -> Create:
    return Create("m1", attempt, 100.0, created=created, sid=None, http_status=500, error_code=20500, answer="given")


def test_a_message_that_was_never_created_was_not_sent() -> None:
    evidence = {"stored": (stored(),), "creates": (create(1, created=False),)}
    assert never_created(["m1"], evidence) == ["m1"]


def test_a_message_that_was_created_is_for_twilios_lists_to_tell() -> None:
    evidence = {"stored": (stored(),), "creates": (create(1, created=True),)}
    assert never_created(["m1"], evidence) == []


def test_an_attempt_that_failed_before_does_not_speak_for_the_one_in_doubt() -> None:
    evidence = {"stored": (stored(live_from=2),), "creates": (create(1, created=True), create(2, created=False))}
    assert never_created(["m1"], evidence) == ["m1"]
