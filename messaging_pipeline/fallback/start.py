"""Starts the fallback of messages that failed for good, inside the transaction in which they fail."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline.db.queries import sql
from messaging_pipeline.errors import NotReachable
from messaging_pipeline.ids import MessageId
from messaging_pipeline.messages.state_machine import FAILURES
from messaging_pipeline.publish import Publisher
from messaging_pipeline.queues import Task
from messaging_pipeline.sealing import CannotUnseal, Sealer


@dataclass(frozen=True, slots=True)
class StepId:
    """One step of one message's plan."""

    message_id: MessageId
    number: int


def start_fallbacks(
    connection: Connection[TupleRow], sealer: Sealer, message_ids: Collection[MessageId], now: datetime
) -> list[StepId]:
    """Write down the first step of each message that has failed and has a plan; return the new ones.

    The key of the table makes it once per message, however often and from wherever a failure is heard.
    """
    if not message_ids:
        return []
    plans = connection.execute(sql("plans_of"), {"message_ids": list(message_ids)}).fetchall()
    rows = connection.execute(
        sql("start_fallback"),
        {
            "message_ids": [message_id for message_id, _ in plans],
            "channels": [_channel(sealer, plan) for _, plan in plans],
            "causes": sorted(FAILURES),
            "now": now,
        },
    ).fetchall()
    return [StepId(MessageId(message_id), number) for message_id, number in rows]


def _channel(sealer: Sealer, plan: bytes) -> str:
    """The first step's channel. A plan that no key opens starts all the same: whoever runs it says what is wrong."""
    try:
        return str(sealer.unseal(plan)[0]["channel"])
    except CannotUnseal:
        return "sealed"


def wake_fallbacks(publisher: Publisher, steps: Collection[StepId]) -> None:
    """Wake a worker for each step; call it after the commit. What is not heard, the sweep wakes."""
    for step in steps:
        try:
            publisher.publish(Task.RUN_FALLBACK, {"message_id": str(step.message_id), "number": step.number})
        except NotReachable:
            return
