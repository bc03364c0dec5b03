"""Reads what people have written, and notes that somebody has looked at it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow, dict_row

from messaging_pipeline.db.queries import sql
from messaging_pipeline.errors import NotFound
from messaging_pipeline.inbound_media.ledger import files_of
from messaging_pipeline.sealing import Sealer


def list_inbound(
    connection: Connection[TupleRow],
    tenant: str,
    *,
    numbers: Sequence[str] | None = None,
    flagged: bool = False,
    handler: str | None = None,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """Return a tenant's inbound messages without their texts, newest first; ``flagged``: those to look at.

    ``numbers`` is all that may stand for the sender's number; ``handler`` is where the call of a keyword stands.
    """
    key = {
        "tenant": tenant,
        "numbers": None if numbers is None else list(numbers),
        "flagged": flagged,
        "handler": handler,
        "limit": limit,
    }
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(sql("list_inbound"), key).fetchall()


def inbound_message(
    connection: Connection[TupleRow], sealer: Sealer, tenant: str, sid: str, *, opened: bool
) -> dict[str, Any]:
    """Return one message and what became of its files, with every field that Twilio posted if it is to be ``opened``.

    Raises NotFound. Of one that retention has taken, no field is left.
    """
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(sql("inbound_message"), {"tenant": tenant, "sid": sid}).fetchone()
    if row is None:
        raise NotFound("inbound message", sid)
    payload = row.pop("payload")
    row["media"] = files_of(connection, tenant, sid)
    if not opened:
        return row
    return {**row, "form": [] if payload is None else sealer.unseal(payload)}


def mark_seen(connection: Connection[TupleRow], tenant: str, sid: str, now: datetime) -> bool:
    """Note that a person has looked at a flagged message; return whether that was news."""
    return connection.execute(sql("mark_inbound_seen"), {"tenant": tenant, "sid": sid, "now": now}).rowcount == 1
