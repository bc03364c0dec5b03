"""What to do after an attempt: a pure decision from its outcome, the attempts so far, the policy and the clock."""

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from messaging_pipeline.backoff import Dice, backoff_seconds
from messaging_pipeline.decide.policy import History, Policy
from messaging_pipeline.decide.waits import turn_comes_after, undelivered_wait_seconds
from messaging_pipeline.messages.state_machine import TWILIO_WORDS, Status
from messaging_pipeline.twilio_api.error_table import holds_service, look_up
from messaging_pipeline.twilio_api.outcome import (
    Accepted,
    FailedLater,
    Fault,
    NotSent,
    Outcome,
    Refused,
    Unconfirmed,
)

#: Refusals that say "slower": at the account's API, or in the queue and at the carriers of one sender.
_SLOWS_ACCOUNT = frozenset({20429})
_SLOWS_SERVICE = frozenset({21611, 30001, 30022})


@dataclass(frozen=True, slots=True)
class Step:
    """What an attempt leaves behind: its own outcome, the message's next status, and when it is due again.

    ``spends_retry`` says that the message's budget pays for the next try. ``holds`` and ``slows`` are about the
    others: the service must wait for a person, or go slower.
    """

    outcome: Literal["accepted", "refused", "not_sent", "unconfirmed"]
    status: Status
    due_at: datetime | None = None
    sid: str | None = None
    http_status: int | None = None
    error_code: int | None = None
    explanation: str | None = None
    spends_retry: bool = False
    holds: bool = False
    slows: Literal["service", "account"] | None = None


def next_step(
    outcome: Outcome | FailedLater,
    history: History,
    policy: Policy,
    now: datetime,
    dice: Dice = random.uniform,
) -> Step:
    """Decide. ``dice`` draws the jitter.

    Only what was certainly not sent, or certainly did not arrive, is tried again. Doubt stays doubt.
    """
    match outcome:
        case Accepted():
            return Step("accepted", _reported(outcome.status), sid=outcome.sid, http_status=201)
        case Unconfirmed():
            return Step(
                "unconfirmed", Status.UNCONFIRMED, http_status=outcome.http_status, explanation=outcome.explanation
            )
        case NotSent():
            return _after_nothing_was_sent(outcome, history, now, dice)
        case Refused():
            return _after_refusal(outcome, history, policy, now, dice)
        case FailedLater(code=None):
            return Step("accepted", Status(outcome.status))
        case FailedLater():
            return _in_time(_after_failure(outcome, history, policy, now, dice), outcome, history)


def _after_nothing_was_sent(outcome: NotSent, history: History, now: datetime, dice: Dice) -> Step:
    """Nobody has judged the message: it waits its turn, and that costs it nothing."""
    wait = max(outcome.retry_after_seconds or 0.0, backoff_seconds(history.attempts, dice))
    return Step(
        "not_sent",
        Status.PENDING,
        due_at=now + timedelta(seconds=wait),
        http_status=outcome.http_status,
        error_code=outcome.code,
        explanation=outcome.explanation,
        slows=_slows(outcome.code),
    )


def _after_refusal(outcome: Refused, history: History, policy: Policy, now: datetime, dice: Dice) -> Step:
    said = Step(
        "refused",
        Status.FAILED,
        http_status=outcome.http_status,
        error_code=outcome.code,
        explanation=outcome.explanation,
    )
    if outcome.fault is Fault.OPTED_OUT:
        return replace(said, status=Status.SUPPRESSED)
    if _holds(outcome.code, outcome.fault, history):
        return replace(said, outcome="not_sent", status=Status.PENDING, due_at=now, holds=True)
    if outcome.fault is Fault.THROTTLED:
        wait = backoff_seconds(history.attempts, dice)
        return _again(said, turn_comes_after(outcome.code, wait, now), slows=_slows(outcome.code))
    if outcome.fault is Fault.TRANSIENT and history.retries < policy.transient_retries:
        wait = backoff_seconds(history.retries + 1, dice)
        return _again(said, now + timedelta(seconds=wait), spends_retry=True)
    return said


def _after_failure(outcome: FailedLater, history: History, policy: Policy, now: datetime, dice: Dice) -> Step:
    row = look_up(outcome.code or 0)
    ended = Step("accepted", Status(outcome.status), error_code=outcome.code, explanation=row.explanation)
    if row.fault is Fault.OPTED_OUT:
        return replace(ended, status=Status.SUPPRESSED)
    if row.in_doubt:
        return ended
    if _holds(row.code, row.fault, history):
        return replace(ended, status=Status.PENDING, due_at=now, holds=True)
    if row.fault is Fault.THROTTLED or row.code in _SLOWS_SERVICE:
        wait = backoff_seconds(history.attempts, dice)
        return _again(ended, turn_comes_after(row.code, wait, now), slows=_slows(row.code))
    if row.fault is Fault.TRANSIENT and history.retries < policy.undelivered_retries:
        wait = undelivered_wait_seconds(history.retries, policy.undelivered_retry_seconds, dice)
        return _again(ended, now + timedelta(seconds=wait), spends_retry=True)
    return ended


def _in_time(step: Step, outcome: FailedLater, history: History) -> Step:
    """A new attempt that would come after the message's time is none: it ends as Twilio reported."""
    too_late = history.expires_at is not None and step.due_at is not None and step.due_at >= history.expires_at
    if not too_late:
        return step
    return replace(step, status=Status(outcome.status), due_at=None, spends_retry=False)


def _again(
    said: Step,
    due_at: datetime,
    *,
    spends_retry: bool = False,
    slows: Literal["service", "account"] | None = None,
) -> Step:
    """Back to be sent again. A create that was refused sent nothing; one that failed later stays accepted."""
    outcome: Literal["accepted", "not_sent"] = "accepted" if said.outcome == "accepted" else "not_sent"
    return replace(said, outcome=outcome, status=Status.PENDING, due_at=due_at, spends_retry=spends_retry, slows=slows)


def _holds(code: int, fault: Fault, history: History) -> bool:
    """A sender that the message named itself is the message's own fault, and no reason to stop the others."""
    if fault is Fault.SENDER and history.names_its_sender:
        return False
    return holds_service(code, fault)


def _slows(code: int | None) -> Literal["service", "account"] | None:
    if code in _SLOWS_ACCOUNT:
        return "account"
    return "service" if code in _SLOWS_SERVICE else None


def _reported(word: str) -> Status:
    """Twilio's word for where a new message is; a word that is not Twilio's means at least that Twilio has it."""
    return Status(word) if word in TWILIO_WORDS else Status.ACCEPTED
