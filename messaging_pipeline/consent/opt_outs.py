"""Reads who has opted out, and why."""

from collections.abc import Iterator, Mapping
from typing import Any, LiteralString

from psycopg import Connection
from psycopg.rows import TupleRow, dict_row

from messaging_pipeline.db.queries import sql
from messaging_pipeline.ids import E164

#: How many opt-outs an export reads at once: no statement runs long, however many there are.
_PAGE_ROWS = 1000


def list_opt_outs(
    connection: Connection[TupleRow],
    tenant: str,
    *,
    scope: str | None = None,
    number: E164 | None = None,
    limit: int = 1000,
) -> list[dict[str, Any]]:
    """Return a tenant's opt-outs in force, newest first, each with the line of the ledger that brought it."""
    key = {"tenant": tenant, "scope": scope, "number": number, "limit": limit}
    return _rows(connection, sql("list_opt_outs"), key)


def every_opt_out(
    connection: Connection[TupleRow], tenant: str, *, page_rows: int = _PAGE_ROWS
) -> Iterator[dict[str, Any]]:
    """Yield all of a tenant's opt-outs in the order of their numbers; one that changes meanwhile may be left out."""
    number, scope = "", ""
    while page := _rows(
        connection, sql("page_of_opt_outs"), {"tenant": tenant, "number": number, "scope": scope, "limit": page_rows}
    ):
        yield from page
        number, scope = page[-1]["number"], page[-1]["scope"]


def _rows(
    connection: Connection[TupleRow], statement: LiteralString, values: Mapping[str, Any]
) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement, values).fetchall()
