"""Shows which inbound messages went into which tickets, and which did not."""

from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow, dict_row

from messaging_pipeline.db.queries import sql

STATES = (
    "waiting",
    "claimed",
    "leaving",
    "taken",
    "answered",
    "unanswered",
    "refused",
    "unconfirmed",
    "failed",
)
"""Where an entry can stand, from the first to the last."""


def list_entries(
    connection: Connection[TupleRow], tenant: str, *, state: str | None, desk: str | None, limit: int
) -> list[dict[str, Any]]:
    """Return a tenant's entries, newest first."""
    values = {"tenant": tenant, "state": state, "desk": desk, "limit": limit}
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(sql("list_ticket_entries"), values).fetchall()
