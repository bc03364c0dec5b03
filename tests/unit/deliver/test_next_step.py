"""The decision after an attempt: only what was certainly not sent is sent again."""

from datetime import UTC, datetime, timedelta

import pytest

from messaging_pipeline.backoff import backoff_seconds
from messaging_pipeline.deliver.next_step import next_step
from messaging_pipeline.ids import MessageSid
from messaging_pipeline.messages.state_machine import Status
from messaging_pipeline.twilio_api.outcome import Accepted, Fault, NotSent, Refused, Unconfirmed

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SID = MessageSid("SM" + "a" * 32)


def longest(_: float, high: float) -> float:
    return high


def shortest(low: float, _: float) -> float:
    return low


@pytest.mark.parametrize("word", ["accepted", "queued", "scheduled", "sending", "sent"])
def test_an_acceptance_keeps_twilios_word(word: str) -> None:
    step = next_step(Accepted(SID, word, None), 1, NOW)
    assert (step.outcome, step.status, step.sid) == ("accepted", Status(word), SID)


@pytest.mark.parametrize("word", ["teleporting", "pending", "claimed", ""])
def test_a_word_that_is_not_twilios_still_means_that_twilio_has_it(word: str) -> None:
    assert next_step(Accepted(SID, word, None), 1, NOW).status is Status.ACCEPTED


@pytest.mark.parametrize("fault", [Fault.RECIPIENT, Fault.CONTENT, Fault.SENDER, Fault.ACCOUNT])
def test_a_refusal_is_final_whoever_is_at_fault(fault: Fault) -> None:
    step = next_step(Refused(21211, 400, fault, "why"), 1, NOW)
    assert (step.outcome, step.status, step.due_at) == ("refused", Status.FAILED, None)
    assert (step.error_code, step.explanation) == (21211, "why")


def test_an_opt_out_suppresses() -> None:
    assert next_step(Refused(21610, 400, Fault.OPTED_OUT, "why"), 1, NOW).status is Status.SUPPRESSED


@pytest.mark.parametrize("fault", [Fault.THROTTLED, Fault.TRANSIENT])
def test_a_refusal_that_passes_is_tried_again(fault: Fault) -> None:
    step = next_step(Refused(21611, 400, fault, "why"), 1, NOW, longest)
    assert (step.outcome, step.status, step.due_at) == ("not_sent", Status.PENDING, NOW + timedelta(seconds=1))


@pytest.mark.parametrize("attempts", [1, 5, 100])
def test_doubt_stays_doubt_however_often(attempts: int) -> None:
    step = next_step(Unconfirmed("the answer was lost", None), attempts, NOW)
    assert (step.outcome, step.status, step.due_at) == ("unconfirmed", Status.UNCONFIRMED, None)


def test_twilios_own_wait_is_kept_when_it_is_the_longer_one() -> None:
    step = next_step(NotSent("throttled", 20429, 429, 7.0, "why"), 1, NOW, longest)
    assert step.due_at == NOW + timedelta(seconds=7)


@pytest.mark.parametrize(("attempts", "ceiling"), [(1, 1), (2, 2), (3, 4), (9, 256), (10, 300), (5000, 300)])
def test_the_wait_grows_to_five_minutes_and_may_be_anything_below(attempts: int, ceiling: float) -> None:
    assert backoff_seconds(attempts, longest) == ceiling
    assert backoff_seconds(attempts, shortest) == 0
