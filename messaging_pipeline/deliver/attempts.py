"""The attempt ledger: a mark before each request leaves, and what became of it afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline.db.queries import sql
from messaging_pipeline.deliver.claims import ClaimedMessage
from messaging_pipeline.deliver.next_step import Step
from messaging_pipeline.messages.state_machine import leaves_for, our_leaves_for


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request for one message."""

    message: ClaimedMessage
    number: int


@dataclass(frozen=True, slots=True)
class Closing:
    """An attempt, and what became of it."""

    attempt: Attempt
    step: Step


@dataclass(frozen=True, slots=True)
class Opening:
    """A claimed message whose request is about to leave."""

    message: ClaimedMessage
    lease_until: datetime
    worker: str


_NOTHING_TO_CLOSE: Mapping[str, Any] = dict.fromkeys(
    (
        "closing_id",
        "closing_number",
        "outcome",
        "status",
        "leaves",
        "sid",
        "http_status",
        "error_code",
        "explanation",
        "due_at",
    )
)
_NOTHING_TO_OPEN: Mapping[str, Any] = dict.fromkeys(("opening_id", "claim_id", "lease_until", "worker"))


def turn_page(
    connection: Connection[TupleRow], closing: Closing | None, opening: Opening | None, now: datetime
) -> tuple[bool, Attempt | None]:
    """Close one attempt and open the next, in one statement; either may be absent.

    Returns whether the closed attempt's message moved, and the opened attempt. None for the latter means: do not
    send, the claim is no longer ours. The caller commits before it sends.
    """
    closed = _NOTHING_TO_CLOSE if closing is None else _closing_values(closing)
    opened = _NOTHING_TO_OPEN if opening is None else _opening_values(opening)
    row = connection.execute(sql("turn_page"), {**closed, **opened, "now": now}).fetchone()
    assert row is not None, "the statement always yields one row"  # noqa: S101
    moved, number = row
    attempt = None if opening is None or number is None else Attempt(opening.message, number)
    return moved, attempt


def start(
    connection: Connection[TupleRow], message: ClaimedMessage, *, now: datetime, lease_until: datetime, worker: str
) -> Attempt | None:
    """Mark that a request is about to leave; None means: do not send."""
    return turn_page(connection, None, Opening(message, lease_until, worker), now)[1]


def finish(connection: Connection[TupleRow], attempt: Attempt, step: Step, now: datetime) -> bool:
    """Write what became of an attempt; return whether its message moved."""
    return turn_page(connection, Closing(attempt, step), None, now)[0]


def _closing_values(closing: Closing) -> dict[str, Any]:
    step = closing.step
    return {
        "closing_id": closing.attempt.message.id,
        "closing_number": closing.attempt.number,
        "outcome": step.outcome,
        "status": step.status,
        "leaves": _leaves(step),
        "sid": step.sid,
        "http_status": step.http_status,
        "error_code": step.error_code,
        "explanation": step.explanation,
        "due_at": step.due_at,
    }


def _opening_values(opening: Opening) -> dict[str, Any]:
    return {
        "opening_id": opening.message.id,
        "claim_id": opening.message.claim_id,
        "lease_until": opening.lease_until,
        "worker": opening.worker,
    }


def _leaves(step: Step) -> list[str]:
    """Twilio's acceptance is evidence; everything else is our own conclusion from what it answered."""
    return leaves_for(step.status) if step.outcome == "accepted" else our_leaves_for(step.status)
