"""Lets the rows of old messages go, with all that hangs on them, when nothing is owed for them any more."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline.clock import Clock
from messaging_pipeline.configuration import Configuration
from messaging_pipeline.db.pool import Pool, in_transaction
from messaging_pipeline.db.queries import sql

BATCH_ROWS = 500
"""How many messages one transaction looks at; those it lets go of take about five times as many rows along."""

MOST_BATCHES = 200
"""How many batches of a tenant one run takes, so that it ends; the next one goes on."""

TAKEN_FOR_EACH_OTHER = timedelta(minutes=15)
"""How far apart two requests may have left of which reconciliation could take the one's message for the other's."""

_BEFORE_ALL = UUID(int=0)


@dataclass(frozen=True, slots=True)
class _Place:
    """How far a run has come, by the order in which messages were accepted: it looks at what must stay only once."""

    created_at: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    id: UUID = _BEFORE_ALL


@dataclass(frozen=True, slots=True)
class _Batch:
    seen: int
    gone: int
    place: _Place


@dataclass(frozen=True, slots=True)
class LettingRowsGo:
    """Applies each tenant's ``message_days``. Any number of runs may go on at once: they take different messages."""

    pool: Pool
    clock: Clock
    configuration: Configuration

    def run(self) -> int:
        """Let go of what is due, as far as one run goes; return how many messages that was."""
        return sum(
            self._let_go(name, tenant.retention.message_days)
            for name, tenant in sorted(self.configuration.tenants.items())
            if tenant.retention is not None and tenant.retention.message_days is not None
        )

    def _let_go(self, tenant: str, days: int) -> int:
        values = {"tenant": tenant, "before": self.clock.now() - timedelta(days=days), "limit": BATCH_ROWS}
        place, gone = _Place(), 0
        for _ in range(MOST_BATCHES):
            batch = in_transaction(self.pool, partial(_take_batch, due=values, place=place))
            place, gone = batch.place, gone + batch.gone
            if batch.seen < BATCH_ROWS:
                break
        return gone


def _take_batch(connection: Connection[TupleRow], due: Mapping[str, Any], place: _Place) -> _Batch:
    """Lock messages first and ask then what is owed for them: what others wrote before they let go is seen only so."""
    connection.execute(sql("forget_without_hurry"))
    after = {"created_at": place.created_at, "id": place.id}
    locked = connection.execute(sql("lock_old_messages"), {**due, **after}).fetchall()
    if not locked:
        return _Batch(0, 0, place)
    months = {message_id: month for message_id, _, month in locked}
    asked = {**_named(months), "tenant": due["tenant"], "apart": TAKEN_FOR_EACH_OTHER}
    needed = {message_id for (message_id,) in connection.execute(sql("who_is_still_needed"), asked)}
    leaving = [message_id for message_id in months if message_id not in needed]
    values = {"tenant": due["tenant"], "months": list({months[message_id] for message_id in leaving})}
    gone = connection.execute(sql("let_go_of_messages"), {**values, **_named(leaving)}).rowcount if leaving else 0
    last_id, last_at, _ = locked[-1]
    return _Batch(len(locked), gone, _Place(last_at, last_id))


def _named(ids: Collection[UUID]) -> dict[str, Any]:
    """Return messages by their ids, and as notices call them."""
    return {"ids": list(ids), "subjects": [str(message_id) for message_id in ids]}
