"""What carriers say of a number: one that is unknown to them again and again is not written to any more.

Store functions: they take a connection inside the caller's transaction and never commit. Rows are locked in the order
of their keys, so that batches never deadlock.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow, dict_row

from messaging_pipeline.db.queries import sql
from messaging_pipeline.ids import E164

#: How many messages to a number must end as unknown, with none delivered in between, before it counts as invalid.
#: Carriers answer so too while a number is being ported and when their own directory is out of date: once is no
#: proof, and a second message soon after meets the same mistake. Three cost little; carriers hold it against a sender
#: that goes on for ever.
INVALID_AFTER = 3


def record_reached(connection: Connection[TupleRow], reached: Sequence[tuple[str, E164]]) -> int:
    """Forget what was counted against numbers (tenant, number) that a message has reached; return how many it was.

    A number that never failed has no row: this costs one look into an index, and writes nothing.
    """
    if not reached:
        return 0
    return connection.execute(sql("forget_unknown_numbers"), _keys(reached)).rowcount


def record_heard(
    connection: Connection[TupleRow],
    *,
    unknown: Sequence[tuple[str, E164, int]],
    reached: Sequence[tuple[str, E164]],
    now: datetime,
) -> list[tuple[str, E164]]:
    """Record both kinds in one transaction; return the numbers that became invalid. A delivery has the last word.

    Use it where a transaction has both: two calls would lock their rows in two orders.
    """
    if not unknown:
        record_reached(connection, reached)
        return []
    alive = set(reached)
    against = [one for one in unknown if one[:2] not in alive]
    values = {
        **_keys([(tenant, number) for tenant, number, _ in against]),
        "codes": [code for _, _, code in against],
        "reached_tenants": [tenant for tenant, _ in alive],
        "reached_numbers": [number for _, number in alive],
        "now": now,
        "invalid_after": INVALID_AFTER,
    }
    return [(tenant, number) for tenant, number in connection.execute(sql("record_numbers_heard_of"), values)]


def clear(connection: Connection[TupleRow], tenant: str, number: E164) -> bool:
    """Forget, on an operator's word, what was counted against a number; return whether there was anything."""
    return record_reached(connection, [(tenant, number)]) > 0


def is_invalid(connection: Connection[TupleRow], tenant: str, number: E164) -> bool:
    """Tell whether a number is invalid: nothing is sent to it."""
    key = {"tenant": tenant, "number": number}
    return connection.execute(sql("is_invalid_number"), key).fetchone() == (True,)


def invalid_numbers(connection: Connection[TupleRow], tenant: str, *, limit: int) -> list[dict[str, Any]]:
    """Return a tenant's invalid numbers, the last one found first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(sql("list_invalid_numbers"), {"tenant": tenant, "limit": limit}).fetchall()


def _keys(numbers: Sequence[tuple[str, E164]]) -> dict[str, list[str]]:
    return {"tenants": [tenant for tenant, _ in numbers], "numbers": [number for _, number in numbers]}
