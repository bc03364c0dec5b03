"""What to do after an attempt: a pure decision from its outcome, the attempts so far and the clock."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from messaging_pipeline.backoff import Dice, backoff_seconds
from messaging_pipeline.messages.state_machine import TWILIO_WORDS, Status
from messaging_pipeline.twilio_api.outcome import Accepted, Fault, NotSent, Outcome, Refused, Unconfirmed


@dataclass(frozen=True, slots=True)
class Step:
    """What an attempt leaves behind: its own outcome, the message's next status, and when it is due again."""

    outcome: str
    status: Status
    due_at: datetime | None = None
    sid: str | None = None
    http_status: int | None = None
    error_code: int | None = None
    explanation: str | None = None


def next_step(outcome: Outcome, attempts: int, now: datetime, dice: Dice = random.uniform) -> Step:
    """Decide. ``attempts`` counts the one just made; ``dice`` draws the jitter.

    Only what was certainly not sent goes back to be sent again. A refusal is final, and doubt stays doubt.
    """
    match outcome:
        case Accepted():
            return Step("accepted", _reported(outcome.status), sid=outcome.sid, http_status=201)
        case Refused():
            return _after_refusal(outcome, attempts, now, dice)
        case NotSent():
            wait = max(outcome.retry_after_seconds or 0.0, backoff_seconds(attempts, dice))
            return Step(
                "not_sent",
                Status.PENDING,
                due_at=now + timedelta(seconds=wait),
                http_status=outcome.http_status,
                error_code=outcome.code,
                explanation=outcome.explanation,
            )
        case Unconfirmed():
            return Step(
                "unconfirmed", Status.UNCONFIRMED, http_status=outcome.http_status, explanation=outcome.explanation
            )


def _after_refusal(outcome: Refused, attempts: int, now: datetime, dice: Dice) -> Step:
    if outcome.fault in {Fault.THROTTLED, Fault.TRANSIENT}:
        wait = backoff_seconds(attempts, dice)
        return Step(
            "not_sent",
            Status.PENDING,
            due_at=now + timedelta(seconds=wait),
            http_status=outcome.http_status,
            error_code=outcome.code,
            explanation=outcome.explanation,
        )
    return Step(
        "refused",
        Status.SUPPRESSED if outcome.fault is Fault.OPTED_OUT else Status.FAILED,
        http_status=outcome.http_status,
        error_code=outcome.code,
        explanation=outcome.explanation,
    )


def _reported(word: str) -> Status:
    """Twilio's word for where a new message is; a word that is not Twilio's means at least that Twilio has it."""
    return Status(word) if word in TWILIO_WORDS else Status.ACCEPTED
