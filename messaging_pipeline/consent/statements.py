"""What people have said elsewhere: on a form, on paper, to an older system. Each counts by when it was said.

So it does not matter in which order statements are entered, nor how often: what was said last holds. Where two were
said at the same instant, we stay silent.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Literal, LiteralString

from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline.consent.evidence import Evidence
from messaging_pipeline.consent.ledger import OptOut, Source, lock_numbers
from messaging_pipeline.db.pool import Pool, in_transaction
from messaging_pipeline.db.queries import sql
from messaging_pipeline.ids import E164
from messaging_pipeline.metrics import record_opt_out
from messaging_pipeline.sealing import Sealer

Change = Literal["granted", "withdrawn"]

_BATCH_ROWS = 500


@dataclass(frozen=True, slots=True)
class Statement:
    """Somebody let a service, or all of a tenant's (ALL_SERVICES), write to them, or told it to stop, at ``said_at``.

    ``sid`` is a message at Twilio that said so, if it was one.
    """

    tenant: str
    scope: str
    number: E164
    change: Change
    said_at: datetime
    source: Source
    sid: str | None = None
    note: str | None = None
    evidence: Evidence = field(default_factory=Evidence)


@dataclass(frozen=True, slots=True)
class Entered:
    """What came of statements: ``added`` lines of the ledger; the others were known already."""

    added: int = 0
    known: int = 0
    opted_out: tuple[OptOut, ...] = ()
    lifted: tuple[OptOut, ...] = ()

    def __add__(self, other: "Entered") -> "Entered":
        return Entered(
            self.added + other.added,
            self.known + other.known,
            self.opted_out + other.opted_out,
            self.lifted + other.lifted,
        )


def enter_statements(pool: Pool, sealer: Sealer, statements: Iterable[Statement], now: datetime) -> Entered:
    """Write statements down, some hundred in a transaction, and all about one number in the same one.

    So nobody is written to because the half of a file that says stop is still to come. What an interruption leaves
    out, another run enters.
    """
    entered = Entered()
    for batch in _batches(sorted(statements, key=lambda one: (one.tenant, one.number, one.said_at))):
        entered += in_transaction(pool, partial(enter, sealer=sealer, statements=batch, now=now))
    for one in entered.opted_out:
        record_opt_out(one.source)
    return entered


def enter(connection: Connection[TupleRow], sealer: Sealer, statements: Sequence[Statement], now: datetime) -> Entered:
    """Write statements down in the caller's transaction; the same one, said at the same time, counts once."""
    lock_numbers(connection, statements)
    rows = connection.execute(sql("enter_statements"), {**_columns(sealer, statements), "now": now}).fetchall()
    ids = {"ids": [line for (line,) in rows]}
    if not rows:
        return Entered(known=len(statements))
    connection.execute(sql("mark_outdated"), ids)
    return Entered(
        added=len(rows),
        known=len(statements) - len(rows),
        lifted=_changed(connection, sql("lift_by_statements"), ids),
        opted_out=_changed(connection, sql("opt_out_by_statements"), ids),
    )


def _changed(connection: Connection[TupleRow], statement: LiteralString, ids: Mapping[str, Any]) -> tuple[OptOut, ...]:
    return tuple(OptOut(*row) for row in connection.execute(statement, ids))


def _columns(sealer: Sealer, statements: Sequence[Statement]) -> dict[str, list[Any]]:
    return {
        "tenants": [one.tenant for one in statements],
        "scopes": [one.scope for one in statements],
        "numbers": [one.number for one in statements],
        "changes": [one.change for one in statements],
        "times": [one.said_at for one in statements],
        "sources": [one.source for one in statements],
        "sids": [one.sid for one in statements],
        "notes": [one.note for one in statements],
        "proofs": [one.evidence.sealed(sealer) for one in statements],
    }


def _batches(statements: Sequence[Statement]) -> Iterator[list[Statement]]:
    """Statements in the order of their numbers, cut only between two numbers."""
    batch: list[Statement] = []
    for one in statements:
        if len(batch) >= _BATCH_ROWS and (one.tenant, one.number) != (batch[-1].tenant, batch[-1].number):
            yield batch
            batch = []
        batch.append(one)
    if batch:
        yield batch
