"""What Postgres remembers of files: which are to be copied, which have been, and which have to go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow, class_row, dict_row

from messaging_pipeline.db.pool import Pool
from messaging_pipeline.db.queries import sql
from messaging_pipeline.inbound_media.items import FileId, name_of

#: Longer than a fetch and a put together take: their time-outs add up to less.
_LEASE = timedelta(seconds=180)


@dataclass(frozen=True, slots=True)
class ClaimedFile:
    """A file in this worker's hands; ``attempts`` tells this claim from others."""

    tenant: str
    sid: str
    number: int
    attempts: int
    payload: bytes | None


@dataclass(frozen=True, slots=True)
class Leftover:
    """A copy that must go: where it is kept, and how often that was tried."""

    store: str | None
    attempts: int


@dataclass(frozen=True, slots=True)
class Ending:
    """How a claim ends."""

    state: str
    explanation: str | None = None
    due_at: datetime | None = None
    content_type: str | None = None
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class MediaLedger:
    """Every change names the state it leaves; no transaction is open while a file is fetched or put."""

    pool: Pool

    def claim(self, file: FileId, store: str | None, now: datetime) -> ClaimedFile | None:
        """Take a file in hand, for a store; None when it is done, not due, or in other hands."""
        values = {**_key(file), "store": store, "now": now, "lease_until": now + _LEASE}
        with self.pool.connection() as connection, connection.cursor(row_factory=class_row(ClaimedFile)) as cursor:
            return cursor.execute(sql("claim_media_copy"), values).fetchone()

    def finish(self, file: FileId, attempts: int, ending: Ending, now: datetime) -> bool:
        """Write down how it ended; False when another has taken it since, or when it has to go."""
        values = {
            **_key(file),
            "attempts": attempts,
            "state": ending.state,
            "explanation": ending.explanation,
            "due_at": ending.due_at,
            "content_type": ending.content_type,
            "size_bytes": ending.size_bytes,
            "now": now,
        }
        with self.pool.connection() as connection:
            return connection.execute(sql("finish_media_copy"), values).fetchone() is not None

    def leftover(self, file: FileId) -> Leftover | None:
        """Return what is left of a file that has to go, or has gone; None when it may stay."""
        with self.pool.connection() as connection, connection.cursor(row_factory=class_row(Leftover)) as cursor:
            return cursor.execute(sql("media_copy_that_must_go"), _key(file)).fetchone()

    def note_erased(self, file: FileId, now: datetime) -> bool:
        """Write down that nothing is left of a file; False when that was known."""
        with self.pool.connection() as connection:
            return connection.execute(sql("note_media_erased"), {**_key(file), "now": now}).rowcount == 1

    def put_off_erasing(self, file: FileId, due_at: datetime, explanation: str) -> None:
        """Write down that a file could not be deleted, and when it is tried again."""
        values = {**_key(file), "due_at": due_at, "explanation": explanation}
        with self.pool.connection() as connection:
            connection.execute(sql("put_off_media_erasing"), values)

    def take_up(self, now: datetime, limit: int) -> list[FileId]:
        """Put back what lapsed, and return what is due: to be copied, or to be deleted."""
        with self.pool.connection() as connection:
            connection.execute(sql("return_lapsed_media_copies"), {"now": now})
            return [FileId(*row) for row in connection.execute(sql("media_due"), {"now": now, "limit": limit})]


def owe_erasing(connection: Connection[TupleRow], tenant: str, sids: Sequence[str], now: datetime) -> int:
    """Let every copy of these messages go, and return how many are to be deleted; the caller's transaction commits.

    One that is being made just now is deleted when its lease is over; its worker finds that it must not stay.
    """
    values = {"tenant": tenant, "sids": list(sids), "now": now}
    states = connection.execute(sql("owe_media_erasing"), values).fetchall() if sids else []
    return sum(state == "erasing" for (state,) in states)


def files_of(connection: Connection[TupleRow], tenant: str, sid: str) -> list[dict[str, Any]]:
    """Return what became of each file of a message, for people."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(sql("media_of_message"), {"tenant": tenant, "sid": sid}).fetchall()
    return [{**row, "name": name_of(FileId(tenant, sid, row["number"]))} for row in rows]


def _key(file: FileId) -> dict[str, Any]:
    return {"tenant": file.tenant, "sid": file.sid, "number": file.number}
