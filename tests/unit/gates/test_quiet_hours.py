"""The gate of quiet hours: whose clock counts, who is exempt, and what the reasons say."""

from datetime import UTC, datetime, time

import pytest

from messaging_pipeline.gates.quiet_hours import ask
from messaging_pipeline.policies.compliance import Hours
from tests.support.asking_gates import a_question, quiet_hours

TEN_IN_THE_EVENING = "2026-11-24T03:00:00+00:00"  # in New York
NIGHT = quiet_hours()


def test_without_quiet_hours_everything_passes() -> None:
    assert ask(a_question(TEN_IN_THE_EVENING)).outcome == "passes"


def test_a_message_waits_for_the_recipients_morning_and_the_reason_says_so() -> None:
    verdict = ask(a_question(TEN_IN_THE_EVENING, quiet_hours=NIGHT))
    assert (verdict.outcome, verdict.until) == ("waits", datetime(2026, 11, 24, 13, tzinfo=UTC))
    assert verdict.reason == "quiet hours where the recipient is; not before 2026-11-24 08:00 in America/New_York"


def test_a_message_that_passes_does_so_until_the_quiet_hours_begin() -> None:
    verdict = ask(a_question("2026-11-23T15:00:00+00:00", quiet_hours=NIGHT))
    assert (verdict.outcome, verdict.until) == ("passes", datetime(2026, 11, 24, 2, tzinfo=UTC))


@pytest.mark.parametrize(
    ("to", "tags", "opens"),
    [
        pytest.param("+13105550123", {}, "2026-11-24T03:00", id="an area code tells the zone: it is early there"),
        pytest.param("+17095550123", {}, "2026-11-24T12:00", id="an area in two zones: when both are awake"),
        pytest.param("+912212345678", {}, "2026-11-24T03:00", id="a country of one zone"),
        pytest.param("+34612345678", {}, "2026-11-24T08:00", id="a country of several: when all are awake"),
        pytest.param("+447700900123", {}, "2026-11-24T08:00", id="a number that our copy of the plan does not know"),
        pytest.param("+18005550123", {}, "2026-11-24T18:00", id="toll-free: when all states are awake"),
        pytest.param("+12125550123", {"time_zone": "Asia/Tokyo"}, "2026-11-24T03:00", id="a tag says it better"),
    ],
)
def test_the_best_hint_of_where_the_recipient_is_counts(to: str, tags: dict, opens: str) -> None:
    verdict = ask(a_question(TEN_IN_THE_EVENING, to=to, tags=tags, quiet_hours=NIGHT))
    expected = datetime.fromisoformat(opens).replace(tzinfo=UTC)
    found = verdict.until if verdict.outcome == "waits" else datetime.fromisoformat(TEN_IN_THE_EVENING)
    assert found == expected


def test_a_number_that_tells_no_zone_is_refused() -> None:
    verdict = ask(a_question(to="+80012345678", quiet_hours=NIGHT))
    assert verdict.outcome == "refused"
    assert "time_zone" in verdict.remedy


def test_a_zone_may_be_assumed_for_numbers_that_tell_none() -> None:
    policy = quiet_hours(time_zone="America/New_York")
    assert ask(a_question(TEN_IN_THE_EVENING, to="+80012345678", quiet_hours=policy)).outcome == "waits"


def test_zones_without_a_common_hour_fall_back_on_the_assumed_one() -> None:
    narrow = {"begin": "10:00", "end": "09:00"}
    across_russia = a_question(to="+79161234567", quiet_hours=quiet_hours(**narrow))
    assert ask(across_russia).outcome == "refused"
    assumed = quiet_hours(**narrow, time_zone="Europe/Moscow")
    assert ask(a_question(to="+79161234567", quiet_hours=assumed)).outcome == "waits"


@pytest.mark.parametrize(
    ("intent", "exempt", "outcome"),
    [
        ("otp", ("otp",), "passes"),
        ("offer", ("otp",), "waits"),
        ("alarm", ("otp", "alarm"), "passes"),
        ("otp", (), "waits"),
    ],
)
def test_what_the_recipient_waits_for_is_exempt(intent: str, exempt: tuple[str, ...], outcome: str) -> None:
    policy = quiet_hours(exempt_intents=exempt)
    assert ask(a_question(TEN_IN_THE_EVENING, tags={"intent": intent}, quiet_hours=policy)).outcome == outcome


def test_replies_are_exempt_unless_the_policy_says_otherwise() -> None:
    assert ask(a_question(TEN_IN_THE_EVENING, tags={"intent": "reply"}, quiet_hours=NIGHT)).outcome == "passes"


def test_a_message_that_would_expire_while_it_waits_is_refused() -> None:
    early, late = datetime(2026, 11, 24, 13, tzinfo=UTC), datetime(2026, 11, 24, 13, 1, tzinfo=UTC)
    assert ask(a_question(TEN_IN_THE_EVENING, quiet_hours=NIGHT, expires_at=early)).outcome == "refused"
    assert ask(a_question(TEN_IN_THE_EVENING, quiet_hours=NIGHT, expires_at=late)).outcome == "waits"


@pytest.mark.parametrize(
    ("intent", "at", "outcome"),
    [
        pytest.param("marketing", "2026-11-23T23:30:00+00:00", "waits", id="18:30, and marketing ends at six"),
        pytest.param("reminder", "2026-11-23T23:30:00+00:00", "passes", id="18:30, and all else may go until nine"),
        pytest.param(None, "2026-11-23T23:30:00+00:00", "passes", id="without an intent the usual hours count"),
        pytest.param("marketing", "2026-11-22T17:00:00+00:00", "waits", id="no marketing on a Sunday"),
        pytest.param("reminder", "2026-11-22T17:00:00+00:00", "passes", id="all else may go on a Sunday"),
        pytest.param("otp", "2026-11-22T08:00:00+00:00", "passes", id="what is exempt stays exempt"),
    ],
)
def test_an_intent_may_have_hours_of_its_own(intent: str | None, at: str, outcome: str) -> None:
    policy = quiet_hours(intents={"marketing": Hours(begin=time(18), end=time(10), closed_days=("sun",))})
    tags = {} if intent is None else {"intent": intent}
    assert ask(a_question(at, tags=tags, quiet_hours=policy)).outcome == outcome
