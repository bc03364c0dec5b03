"""A message's life as Postgres remembers it: where it is, what was tried, what was heard, what was done instead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow, dict_row
from psycopg.types.json import Jsonb

from messaging_pipeline.db.pool import Pool
from messaging_pipeline.db.queries import sql
from messaging_pipeline.errors import NotFound
from messaging_pipeline.ids import MessageId


@dataclass(frozen=True, slots=True)
class Tracing:
    """Reads, and changes nothing."""

    pool: Pool

    def message(self, message_id: MessageId, tenant: str | None = None) -> dict[str, Any]:
        """Return a message with its attempts, events and fallback steps; raises NotFound.

        With a tenant given, another tenant's message does not exist. ``history_forgotten_at`` tells when its events
        were let go, if they were; what stands in ``events`` then was heard since.
        """
        key: Mapping[str, Any] = {"id": message_id, "tenant": tenant}
        with self.pool.connection() as connection:
            rows = _rows(connection, sql("message_by_id"), key)
            if not rows:
                raise NotFound("message", str(message_id))
            message = rows[0]
            history = {**key, "history_month": message.pop("history_month")}
            return {
                **message,
                "to": message.pop("to_number"),
                "from": message.pop("from_number"),
                "attempts": _rows(connection, sql("attempts_of"), key),
                "events": _rows(connection, sql("events_of"), history),
                "fallback": _rows(connection, sql("fallback_of"), key),
            }

    def messages(  # noqa: PLR0913 - each is a filter by name
        self,
        *,
        tenant: str,
        status: str | None = None,
        service: str | None = None,
        gate: str | None = None,
        to: Sequence[str] | None = None,
        since: datetime | None = None,
        tags: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        sid: str | None = None,
        limit: int = 50,
    ) -> list[dict[str, Any]]:
        """Return a tenant's messages, newest first; ``to`` is all that may stand for the recipient's number.

        With a ``gate``, only those that wait at it; with ``tags``, only those that have all of them: give ``since`` as
        well, for no index helps. A ``sid`` finds the message that has it, or had it before it was sent again.
        """
        numbers = None if to is None else list(to)
        key = {
            "tenant": tenant,
            "status": status,
            "service": service,
            "gate": gate,
            "to_numbers": numbers,
            "since": since,
            "tags": Jsonb(dict(tags)) if tags else None,
            "idempotency_key": idempotency_key,
            "sid": sid,
            "limit": limit,
        }
        with self.pool.connection() as connection:
            rows = _rows(connection, sql("list_messages"), key)
        return [{**row, "to": row.pop("to_number")} for row in rows]

    def count_by_status(self, message_ids: list[MessageId]) -> dict[str, int]:
        """Count the given messages by status."""
        with self.pool.connection() as connection:
            rows = connection.execute(sql("count_by_status"), {"message_ids": message_ids}).fetchall()
        return {str(status): int(count) for status, count in rows}

    def open_fallback_steps(self, message_ids: list[MessageId]) -> int:
        """Count the fallback steps of the given messages that have not come to an end."""
        with self.pool.connection() as connection:
            row = connection.execute(sql("count_open_fallback_steps"), {"message_ids": message_ids}).fetchone()
        return int(row[0]) if row else 0

    def backlog(self, now: datetime) -> dict[str, dict[str, Any]]:
        """Return, per service with waiting messages, how many wait, how many are due, and since when."""
        with self.pool.connection() as connection:
            rows = _rows(connection, sql("backlog_of"), {"now": now})
        return {row.pop("service"): row for row in rows}


def _rows(
    connection: Connection[TupleRow], statement: LiteralString, values: Mapping[str, Any]
) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement, values).fetchall()


def as_json(value: Any) -> str:
    """How values are written in JSON: ids and amounts as text, times in ISO 8601."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    raise TypeError(f"{type(value).__name__} has no form in JSON")
