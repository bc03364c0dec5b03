"""Writes down which files came with an inbound message, in the transaction that stores the message."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline.configuration import Configuration
from messaging_pipeline.db.queries import sql
from messaging_pipeline.errors import NotReachable
from messaging_pipeline.policies.inbound_media import InboundMediaPolicy
from messaging_pipeline.publish import Publisher
from messaging_pipeline.queues import Task
from messaging_pipeline.twilio_api.sids import MESSAGE_SID

MOST_FILES = 10
"""As many as Twilio takes with a message (https://www.twilio.com/docs/messaging/guides/webhook-request)."""


@dataclass(frozen=True, slots=True)
class FileId:
    """One file of an inbound message; ``number`` is its place in the form, from 0 to 9."""

    tenant: str
    sid: str
    number: int


def owe_copies(
    connection: Connection[TupleRow],
    configuration: Configuration,
    tenant: str,
    fields: Mapping[str, str],
    received_at: datetime,
) -> list[FileId]:
    """Write down the files of a message whose tenant wants copies; each once, by the table's key.

    A SID that has not the form of Twilio's would become a part of a path, so it is owed nothing.
    """
    sid, numbers = fields["MessageSid"], [n for n in range(MOST_FILES) if fields.get(_address_field(n))]
    if not numbers or policy_of(configuration, tenant) is None or not MESSAGE_SID.fullmatch(sid):
        return []
    values = {"tenant": tenant, "sid": sid, "numbers": numbers, "received_at": received_at}
    rows = connection.execute(sql("owe_media_copies"), values).fetchall()
    return [FileId(tenant, sid, number) for (number,) in rows]


def policy_of(configuration: Configuration, tenant: str) -> InboundMediaPolicy | None:
    """Return where a tenant keeps its copies; None when it wants none."""
    known = configuration.tenants.get(tenant)
    return None if known is None else known.inbound_media


def address_of(form: Iterable[tuple[str, Any]], number: int) -> str | None:
    """Return where Twilio serves a file, from the form of its message."""
    wanted = _address_field(number)
    return next((str(value) for name, value in form if name == wanted), None)


def name_of(file: FileId) -> str:
    """Return a file's name in a store, from nothing but SIDs; no folder gets too many."""
    return f"{file.tenant}/{file.sid[2:4]}/{file.sid}-{file.number}"


def wake_copies(publisher: Publisher, files: Collection[FileId]) -> None:
    """Wake a worker for each file; call it after the commit. What is not heard, the sweep wakes."""
    for file in files:
        try:
            publisher.publish(Task.COPY_MEDIA, {"tenant": file.tenant, "sid": file.sid, "number": file.number})
        except NotReachable:
            return


def _address_field(number: int) -> str:
    return f"MediaUrl{number}"
