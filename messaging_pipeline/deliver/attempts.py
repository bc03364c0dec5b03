"""The attempt ledger: a mark before each request leaves, and what became of it afterwards."""

from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline.db.queries import sql
from messaging_pipeline.deliver.claims import ClaimedMessage
from messaging_pipeline.deliver.next_step import Step
from messaging_pipeline.messages.state_machine import Status, leaves_for, our_leaves_for


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request for one message."""

    message: ClaimedMessage
    number: int


def start(
    connection: Connection[TupleRow],
    message: ClaimedMessage,
    *,
    now: datetime,
    lease_until: datetime,
    worker: str,
) -> Attempt | None:
    """Mark that a request is about to leave. None means: do not send, the claim is no longer ours.

    The caller commits before it sends. A second mark while one is open is refused by the database itself.
    """
    values = {
        "message_id": message.id,
        "claim_id": message.claim_id,
        "now": now,
        "lease_until": lease_until,
        "worker": worker,
    }
    try:
        with connection.transaction():
            row = connection.execute(sql("start_attempt"), values).fetchone()
    except psycopg.errors.UniqueViolation:
        return None
    return None if row is None else Attempt(message, int(row[0]))


def finish(connection: Connection[TupleRow], attempt: Attempt, step: Step, now: datetime) -> bool:
    """Write what became of an attempt; return whether its message moved."""
    row = connection.execute(
        sql("finish_attempt"),
        {
            "message_id": attempt.message.id,
            "number": attempt.number,
            "outcome": step.outcome,
            "status": step.status,
            "leaves": _leaves(step),
            "sid": step.sid,
            "http_status": step.http_status,
            "error_code": step.error_code,
            "explanation": step.explanation,
            "due_at": step.due_at,
            "now": now,
        },
    ).fetchone()
    return bool(row and row[0])


def _leaves(step: Step) -> list[str]:
    """Twilio's acceptance is evidence; everything else is our own conclusion from what it answered."""
    return leaves_for(Status(step.status)) if step.outcome == "accepted" else our_leaves_for(step.status)
