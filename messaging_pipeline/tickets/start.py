"""Writes down that an inbound message belongs into a ticket, in the transaction that stores the message."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline.configuration import Configuration
from messaging_pipeline.db.queries import sql
from messaging_pipeline.errors import NotReachable
from messaging_pipeline.keywords.hearing import Heard
from messaging_pipeline.publish import Publisher
from messaging_pipeline.queues import Task


@dataclass(frozen=True, slots=True)
class EntryId:
    """An inbound message that belongs into a ticket."""

    tenant: str
    sid: str


def owe_entry(
    connection: Connection[TupleRow], configuration: Configuration, heard: Heard, row: Mapping[str, Any]
) -> EntryId | None:
    """Write down an entry for a message's row when the service that was written to has a ticket desk.

    The key of the table makes it once for each MessageSid, however often the message is delivered. Keywords are for
    machines, and somebody without a number could not be told apart from others.
    """
    service = configuration.services.get(heard.service or "")
    if service is None or service.inbound_tickets is None or heard.kind is not None or not row["from_number"]:
        return None
    values = {
        "tenant": heard.tenant,
        "sid": row["sid"],
        "system": service.inbound_tickets,
        "service": heard.service,
        "number": row["from_number"],
        "silent": heard.flag == "wish_in_words",
        "received_at": row["received_at"],
    }
    owed = connection.execute(sql("owe_ticket_entry"), values).fetchone() is not None
    return EntryId(heard.tenant, row["sid"]) if owed else None


def wake_entries(publisher: Publisher, entries: Collection[EntryId]) -> None:
    """Wake a worker for each entry; call it after the commit. What is not heard, the sweep wakes."""
    for entry in entries:
        try:
            publisher.publish(Task.RUN_TICKET, {"tenant": entry.tenant, "sid": entry.sid})
        except NotReachable:
            return
