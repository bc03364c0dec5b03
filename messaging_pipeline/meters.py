"""How much of each limit is used: counted with the attempt that uses it, and given back when nothing was sent.

Store functions: they take a connection inside the caller's transaction and never commit. Rows are locked in the order
of their keys, after the messages; who draws holds them until the commit, so that a limit is exact.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow, dict_row

from messaging_pipeline.db.queries import sql
from messaging_pipeline.spending.allowance import Draw

#: A month's meter is of use until the next month ends.
_KEPT = timedelta(days=62)
_BEFORE_ALL = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Held:
    """Which messages that a limit keeps back: at most ``limit``, whose ids come after this one."""

    limit: int
    after: UUID = _BEFORE_ALL


def used(connection: Connection[TupleRow], tenant: str, draws: Iterable[Draw]) -> dict[str, Decimal]:
    """Return how much of some of a tenant's limits is used, by meter; what nobody has used yet is not there."""
    wanted = {(draw.meter, draw.period.begins_at) for draw in draws}
    if not wanted:
        return {}
    values = {"tenant": tenant, "meters": [one for one, _ in wanted], "begins_ats": [begin for _, begin in wanted]}
    return dict(connection.execute(sql("used_of_meters"), values).fetchall())


def draw(
    connection: Connection[TupleRow], tenant: str, message_id: UUID, attempt: int, draws: Sequence[Draw]
) -> Mapping[str, Decimal]:
    """Count an attempt towards its limits, whether or not there is room; return what was used before, by meter."""
    if not draws:
        return {}
    in_order = sorted(draws, key=lambda one: (one.meter, one.period.begins_at))
    values = {
        "tenant": tenant,
        "message_id": message_id,
        "attempt": attempt,
        "meters": [one.meter for one in in_order],
        "begins_ats": [one.period.begins_at for one in in_order],
        "ends_ats": [one.period.ends_at for one in in_order],
        "amounts": [one.amount for one in in_order],
    }
    amounts = {one.meter: one.amount for one in in_order}
    return {meter: after - amounts[meter] for meter, after in connection.execute(sql("draw_from_meters"), values)}


def undraw(connection: Connection[TupleRow], message_id: UUID, attempt: int) -> None:
    """Undo what this transaction has drawn."""
    connection.execute(sql("undraw"), {"message_id": message_id, "attempt": attempt})


def give_back(connection: Connection[TupleRow], message_id: UUID) -> None:
    """Give back what a message's attempts have drawn that certainly sent nothing; again gives back nothing more."""
    connection.execute(sql("give_back_to_meters"), {"message_id": message_id})


def standings(connection: Connection[TupleRow], tenant: str, now: datetime) -> list[dict[str, Any]]:
    """Return a tenant's meters of the present periods."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(sql("list_meters"), {"tenant": tenant, "now": now}).fetchall()


def release_held(
    connection: Connection[TupleRow], tenant: str, service: str | None, held: Held, now: datetime
) -> list[tuple[UUID, str]]:
    """Make messages due at once that a limit keeps back, of a tenant or one service; return their ids and services."""
    values = {"tenant": tenant, "service": service, **asdict(held), "now": now}
    return sorted(connection.execute(sql("release_held_by_limits"), values).fetchall())


def forget_old(connection: Connection[TupleRow], now: datetime, limit: int) -> int:
    """Delete what was drawn in periods that ended long ago, and their meters; return how many draws went."""
    values = {"before": now - _KEPT, "limit": limit}
    connection.execute(sql("forget_old_meters"), values)
    return connection.execute(sql("forget_old_draws"), values).rowcount
