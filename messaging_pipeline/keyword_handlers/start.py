"""Writes down that an inbound message's keyword calls something, in the transaction that stores the message."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline.db.queries import sql
from messaging_pipeline.errors import NotReachable
from messaging_pipeline.keywords.hearing import Heard
from messaging_pipeline.publish import Publisher
from messaging_pipeline.queues import Task


@dataclass(frozen=True, slots=True)
class CallId:
    """An inbound message whose keyword calls something."""

    tenant: str
    sid: str


def owe_call(connection: Connection[TupleRow], heard: Heard, sid: str, received_at: datetime) -> CallId | None:
    """Write down the call that a message asks for, if it does; once for each MessageSid."""
    if heard.command is None:
        return None
    values = {
        "tenant": heard.tenant,
        "sid": sid,
        "service": heard.service,
        "word": heard.command.word,
        "most_attempts": heard.command.handler.most_attempts,
        "received_at": received_at,
    }
    owed = connection.execute(sql("owe_keyword_call"), values).fetchone() is not None
    return CallId(heard.tenant, sid) if owed else None


def wake_calls(publisher: Publisher, calls: Collection[CallId]) -> None:
    """Wake a worker for each call; call it after the commit. What is not heard, the sweep wakes."""
    for call in calls:
        try:
            publisher.publish(Task.RUN_KEYWORD, {"tenant": call.tenant, "sid": call.sid})
        except NotReachable:
            return
