"""Reads the ledger: every line about a number, or all of a tenant's, with the proof unsealed."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, LiteralString

from psycopg import Connection
from psycopg.rows import TupleRow, dict_row

from messaging_pipeline.consent.evidence import stored_evidence
from messaging_pipeline.db.queries import sql
from messaging_pipeline.ids import E164
from messaging_pipeline.sealing import Sealer

#: How many lines an export reads at once: no statement runs long, however many there are.
_PAGE_ROWS = 1000


def consent_history(
    connection: Connection[TupleRow], sealer: Sealer, tenant: str, number: E164
) -> list[dict[str, Any]]:
    """Return every line about a number in the order in which it was said; raises CannotUnseal."""
    return _lines(connection, sealer, sql("consent_history"), {"tenant": tenant, "number": number})


def whole_ledger(
    connection: Connection[TupleRow], sealer: Sealer, tenant: str, *, page_rows: int = _PAGE_ROWS
) -> Iterator[dict[str, Any]]:
    """Yield every line of a tenant's ledger, number by number, as it was written; raises CannotUnseal."""
    after: dict[str, Any] = {"number": "", "id": 0}
    while page := _lines(connection, sealer, sql("page_of_consent"), {"tenant": tenant, "limit": page_rows, **after}):
        after = {"number": page[-1]["number"], "id": page[-1]["id"]}
        yield from page


def _lines(
    connection: Connection[TupleRow], sealer: Sealer, statement: LiteralString, values: dict[str, Any]
) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(statement, values).fetchall()
    return [{**row, **asdict(stored_evidence(sealer, row["proof"]))} for row in rows]
