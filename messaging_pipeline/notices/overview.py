"""Events for others as an operator sees them: list and show them, have them told once more, or drop them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow, dict_row

from messaging_pipeline.db.queries import sql
from messaging_pipeline.errors import NotFound

STATES = ("waiting", "claimed", "told", "dead", "dropped")
"""Where an event can stand: the last three are ends, until it is replayed."""


def list_notices(
    connection: Connection[TupleRow],
    tenant: str,
    *,
    state: str | None,
    policy: str | None,
    about: str | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Return a tenant's events, the newest first; ``about`` is a message's id or an inbound message's SID."""
    values = {"tenant": tenant, "state": state, "policy": policy, "about": about, "limit": limit}
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(sql("list_notices"), values).fetchall()


def notice(connection: Connection[TupleRow], tenant: str, notice_id: UUID) -> dict[str, Any]:
    """Return one event; raises NotFound."""
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(sql("find_notice"), {"tenant": tenant, "id": notice_id}).fetchone()
    if found is None:
        raise NotFound("event", str(notice_id))
    return found


NOT_REPLAYED = {"waiting": "waits to be told already", "claimed": "is being told just now; try again in a moment"}
NOT_DROPPED = {
    "told": "was told already; there is nothing left to let go",
    "dropped": "was dropped already",
    "claimed": "is being told just now; try again in a moment",
}
"""Why an event that stands there is left alone."""


def left_alone(
    connection: Connection[TupleRow], tenant: str, notice_ids: Sequence[UUID], reasons: Mapping[str, str]
) -> list[str]:
    """Return, for people, each event of which nothing will be done, and why; ask before it is tried."""
    told = []
    for one in notice_ids:
        try:
            state = notice(connection, tenant, one)["state"]
        except NotFound as error:
            told.append(str(error))
            continue
        if state in reasons:
            told.append(f"event {one} {reasons[state]}")
    return told


def replay(connection: Connection[TupleRow], tenant: str, notice_ids: Sequence[UUID], now: datetime) -> list[str]:
    """Owe events once more that have ended; return the policy of each."""
    keys = [{"tenant": tenant, "id": one, "now": now} for one in notice_ids]
    return [row[0] for key in keys for row in connection.execute(sql("replay_notice"), key).fetchall()]


def replay_dead(connection: Connection[TupleRow], tenant: str, policy: str, now: datetime) -> list[str]:
    """Owe every dead event of a policy once more; return the policy of each."""
    values = {"tenant": tenant, "policy": policy, "now": now}
    return [row[0] for row in connection.execute(sql("replay_dead_notices"), values).fetchall()]


def drop(connection: Connection[TupleRow], tenant: str, notice_ids: Sequence[UUID], now: datetime) -> int:
    """Let events go untold that are dead or wait; return how many did."""
    keys = [{"tenant": tenant, "id": one, "now": now} for one in notice_ids]
    return sum(len(connection.execute(sql("drop_notice"), key).fetchall()) for key in keys)


def drop_all(connection: Connection[TupleRow], tenant: str, policy: str, now: datetime, *, waiting: bool) -> int:
    """Let every dead event of a policy go untold, and those that wait as well if so wished; return how many did."""
    states = ["dead", "waiting"] if waiting else ["dead"]
    values = {"tenant": tenant, "policy": policy, "now": now, "states": states}
    return len(connection.execute(sql("drop_notices"), values).fetchall())
