"""The decision after an attempt: what is tried again, what ends, and what it means for others."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging_pipeline.backoff import backoff_seconds
from messaging_pipeline.decide.next_step import Step, next_step
from messaging_pipeline.decide.policy import History, Policy
from messaging_pipeline.ids import MessageSid
from messaging_pipeline.messages.state_machine import Status
from messaging_pipeline.twilio_api.error_table import known_errors, look_up
from messaging_pipeline.twilio_api.outcome import Accepted, FailedLater, Fault, NotSent, Outcome, Refused, Unconfirmed

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SID = MessageSid("SM" + "a" * 32)
FIRST = History(attempts=1)
POLICY = Policy(transient_retries=3, undelivered_retries=2, undelivered_retry_seconds=60.0)


def longest(_: float, high: float) -> float:
    return high


def shortest(low: float, _: float) -> float:
    return low


def decide(outcome: Outcome | FailedLater, history: History = FIRST) -> Step:
    return next_step(outcome, history, POLICY, NOW, longest)


def refused(code: int, http_status: int = 400) -> Refused:
    return Refused(code, http_status, look_up(code).fault, "why")


@pytest.mark.parametrize("word", ["accepted", "queued", "scheduled", "sending", "sent"])
def test_an_acceptance_keeps_twilios_word(word: str) -> None:
    step = decide(Accepted(SID, word, None))
    assert (step.outcome, step.status, step.sid) == ("accepted", Status(word), SID)


@pytest.mark.parametrize("word", ["teleporting", "pending", "claimed", ""])
def test_a_word_that_is_not_twilios_still_means_that_twilio_has_it(word: str) -> None:
    assert decide(Accepted(SID, word, None)).status is Status.ACCEPTED


@pytest.mark.parametrize("attempts", [1, 5, 100])
def test_doubt_stays_doubt_however_often(attempts: int) -> None:
    step = decide(Unconfirmed("the answer was lost", None), History(attempts))
    assert (step.outcome, step.status, step.due_at) == ("unconfirmed", Status.UNCONFIRMED, None)


@pytest.mark.parametrize("code", [21211, 21612, 21614, 21408, 21617, 21703])
def test_a_refusal_about_the_message_is_final_and_says_why(code: int) -> None:
    step = decide(refused(code))
    assert (step.outcome, step.status, step.due_at, step.holds) == ("refused", Status.FAILED, None, False)
    assert (step.error_code, step.explanation) == (code, "why")


@pytest.mark.parametrize("outcome", [refused(21610), FailedLater("failed", 21610), FailedLater("undelivered", 21610)])
def test_an_opt_out_suppresses_wherever_it_is_heard(outcome: Refused | FailedLater) -> None:
    step = decide(outcome)
    assert (step.status, step.due_at) == (Status.SUPPRESSED, None)


@pytest.mark.parametrize(
    "outcome",
    [
        refused(20003, 401),
        refused(21606),
        refused(20404, 404),
        Refused(401, 401, Fault.ACCOUNT, "an unlisted code"),
        FailedLater("undelivered", 30034),
        FailedLater("failed", 30002),
    ],
)
def test_what_every_message_would_meet_holds_the_service_and_keeps_the_message(
    outcome: Refused | FailedLater,
) -> None:
    step = decide(outcome, History(attempts=7, retries=99))
    assert (step.holds, step.status, step.due_at, step.spends_retry) == (True, Status.PENDING, NOW, False)


@pytest.mark.parametrize("outcome", [refused(21606), FailedLater("undelivered", 30034)])
def test_a_sender_that_the_message_named_itself_is_its_own_fault(outcome: Refused | FailedLater) -> None:
    step = decide(outcome, History(1, names_its_sender=True))
    assert (step.holds, step.due_at) == (False, None)
    assert step.status in {Status.FAILED, Status.UNDELIVERED}


def test_a_wrong_token_holds_whoever_chose_the_sender() -> None:
    assert decide(refused(20003, 401), History(1, names_its_sender=True)).holds


@pytest.mark.parametrize(
    ("outcome", "slows"),
    [
        (NotSent("throttled", 20429, 429, None, "why"), "account"),
        (NotSent("throttled", 21611, 429, None, "why"), "service"),
        (NotSent("unreachable", None, None, None, "why"), None),
        (refused(21611), "service"),
        (FailedLater("failed", 30001), "service"),
        (FailedLater("undelivered", 30022), "service"),
        (FailedLater("undelivered", 14107), None),
    ],
)
@pytest.mark.parametrize("retries", [0, 99])
def test_who_waits_its_turn_comes_back_and_spends_nothing(
    outcome: Outcome | FailedLater, slows: str | None, retries: int
) -> None:
    step = decide(outcome, History(attempts=3, retries=retries))
    assert (step.status, step.spends_retry, step.slows) == (Status.PENDING, False, slows)
    assert step.due_at is not None
    assert step.due_at >= NOW + timedelta(seconds=4)


def test_twilios_own_wait_is_kept_when_it_is_the_longer_one() -> None:
    step = decide(NotSent("throttled", 20429, 429, 7.0, "why"))
    assert step.due_at == NOW + timedelta(seconds=7)


def test_a_transient_refusal_is_tried_again_until_the_budget_is_spent() -> None:
    passing = Refused(20503, 400, Fault.TRANSIENT, "why")
    steps = [decide(passing, History(attempts=retries + 1, retries=retries)) for retries in range(4)]
    assert [step.status for step in steps] == [Status.PENDING] * 3 + [Status.FAILED]
    assert [step.spends_retry for step in steps] == [True] * 3 + [False]
    assert [step.due_at for step in steps[:3]] == [NOW + timedelta(seconds=wait) for wait in (1, 2, 4)]


def test_a_message_that_did_not_arrive_is_tried_a_bounded_number_of_times() -> None:
    away = FailedLater("undelivered", 30003)
    steps = [decide(away, History(attempts=retries + 1, retries=retries)) for retries in range(3)]
    assert [step.status for step in steps] == [Status.PENDING, Status.PENDING, Status.UNDELIVERED]
    assert [step.due_at for step in steps[:2]] == [NOW + timedelta(seconds=wait) for wait in (60, 120)]


def test_a_handset_gets_at_least_half_the_wait_to_come_back() -> None:
    step = next_step(FailedLater("undelivered", 30003), FIRST, POLICY, NOW, shortest)
    assert step.due_at == NOW + timedelta(seconds=30)


@pytest.mark.parametrize("code", [None, 30004, 30005, 30006, 30007, 99999])
def test_a_failure_for_good_ends_as_twilio_says(code: int | None) -> None:
    step = decide(FailedLater("undelivered", code))
    assert (step.status, step.due_at, step.holds) == (Status.UNDELIVERED, None, False)


@pytest.mark.parametrize("code", [code for code, row in known_errors().items() if row.in_doubt])
def test_what_may_have_arrived_after_all_is_never_sent_again(code: int) -> None:
    assert decide(FailedLater("undelivered", code)).status is Status.UNDELIVERED


def test_another_attempt_that_would_come_too_late_is_none() -> None:
    away = FailedLater("undelivered", 30003)
    in_time = History(1, expires_at=NOW + timedelta(seconds=61))
    assert decide(away, in_time).status is Status.PENDING
    ended = decide(away, replace(in_time, expires_at=NOW + timedelta(seconds=60)))
    assert (ended.status, ended.due_at, ended.spends_retry) == (Status.UNDELIVERED, None, False)


def test_a_daily_cap_of_the_carrier_is_waited_for_until_midnight_in_california() -> None:
    step = next_step(FailedLater("undelivered", 30023), FIRST, POLICY, NOW, shortest)
    assert step.due_at == datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def test_the_loop_guard_gets_its_thirty_seconds() -> None:
    step = next_step(FailedLater("failed", 14107), FIRST, POLICY, NOW, shortest)
    assert step.due_at == NOW + timedelta(seconds=30)


@given(
    code=st.sampled_from([None, *known_errors()]),
    status=st.sampled_from(["undelivered", "failed"]),
    attempts=st.integers(1, 40),
    retries=st.integers(0, 40),
)
def test_no_failure_is_tried_for_ever_unless_it_waits_for_its_turn_or_for_a_person(
    code: int | None, status: str, attempts: int, retries: int
) -> None:
    step = decide(FailedLater(status, code), History(attempts, retries))  # type: ignore[arg-type]
    if step.status is Status.PENDING:
        assert step.due_at is not None
        assert step.holds or step.spends_retry or step.due_at > NOW
        assert not step.spends_retry or retries < POLICY.undelivered_retries
    else:
        assert step.status in {Status(status), Status.SUPPRESSED}


@pytest.mark.parametrize(("attempts", "ceiling"), [(1, 1), (2, 2), (3, 4), (9, 256), (10, 300), (5000, 300)])
def test_the_wait_grows_to_five_minutes_and_may_be_anything_below(attempts: int, ceiling: float) -> None:
    assert backoff_seconds(attempts, longest) == ceiling
    assert backoff_seconds(attempts, shortest) == 0
