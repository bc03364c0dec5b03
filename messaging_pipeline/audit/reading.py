"""Reads lives page by page through a cursor at the server, so that millions of them do not fill the memory."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString, Protocol, TypeVar
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from messaging_pipeline.audit.life import AttemptRow, ConsentRow, EventRow, FallbackRow, Life, MessageRow
from messaging_pipeline.db.queries import sql

_MESSAGES_A_PAGE = 1_000


class _OfAMessage(Protocol):
    @property
    def message_id(self) -> UUID: ...


Row = TypeVar("Row")
Part = TypeVar("Part", bound=_OfAMessage)


@dataclass(frozen=True, slots=True)
class Window:
    """Which messages are looked at: accepted at or after a time, all of them or one tenant's."""

    since: datetime
    tenant: str | None


def pages(connection: Connection[TupleRow], window: Window) -> Iterator[list[Life]]:
    """Yield the lives of the messages in a window; the transaction is the caller's."""
    with connection.cursor("audited_messages", row_factory=class_row(MessageRow)) as cursor:
        cursor.execute(sql("audited_messages"), {"since": window.since, "tenant": window.tenant})
        while messages := cursor.fetchmany(_MESSAGES_A_PAGE):
            yield _lives(connection, messages)


def orphans(connection: Connection[TupleRow], window: Window) -> tuple[int, Iterator[tuple[UUID, str]]]:
    """Return how many attempts and lines of history the window holds, and which of them are without a message."""
    values = {"since": window.since}
    row = connection.execute(sql("count_audited_lines"), values).fetchone()
    return (int(row[0]) if row else 0), _orphans(connection, values)


def _orphans(connection: Connection[TupleRow], values: Mapping[str, Any]) -> Iterator[tuple[UUID, str]]:
    with connection.cursor("audited_orphans") as cursor:
        cursor.execute(sql("audited_orphans"), values)
        yield from cursor


def _lives(connection: Connection[TupleRow], messages: list[MessageRow]) -> list[Life]:
    ids = {"message_ids": [message.id for message in messages]}
    attempts = _by_message(_rows(connection, AttemptRow, sql("audited_attempts"), ids))
    months = {"history_months": sorted({message.history_month for message in messages})}
    events = _by_message(_rows(connection, EventRow, sql("audited_events"), {**ids, **months}))
    fallback = _by_message(_rows(connection, FallbackRow, sql("audited_fallback_steps"), ids))
    consent = _consent(connection, messages)
    return [
        Life(
            message,
            tuple(attempts[message.id]),
            tuple(events[message.id]),
            tuple(fallback[message.id]),
            tuple(consent.get((message.tenant, message.to_number), ())),
        )
        for message in messages
    ]


def _consent(
    connection: Connection[TupleRow], messages: Iterable[MessageRow]
) -> Mapping[tuple[str, str | None], list[ConsentRow]]:
    """Return what the recipients of some messages have said, oldest first."""
    recipients = sorted({(one.tenant, one.to_number) for one in messages if one.to_number is not None})
    values = {"tenants": [tenant for tenant, _ in recipients], "numbers": [number for _, number in recipients]}
    said: dict[tuple[str, str | None], list[ConsentRow]] = defaultdict(list)
    for row in _rows(connection, ConsentRow, sql("audited_consent"), values):
        said[(row.tenant, row.number)].append(row)
    return said


def _rows(
    connection: Connection[TupleRow], kind: type[Row], statement: LiteralString, values: Mapping[str, Any]
) -> list[Row]:
    with connection.cursor(row_factory=class_row(kind)) as cursor:
        return cursor.execute(statement, values).fetchall()


def _by_message(rows: Iterable[Part]) -> Mapping[UUID, list[Part]]:
    grouped: dict[UUID, list[Part]] = defaultdict(list)
    for row in rows:
        grouped[row.message_id].append(row)
    return grouped
