"""Claims on messages: due rows taken under a lease, and given back when they were not started."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from messaging_pipeline.db.pool import Pool, in_transaction
from messaging_pipeline.db.queries import sql
from messaging_pipeline.deliver.order import USUAL_ORDER, Order
from messaging_pipeline.ids import E164, MessageId, ServiceKey, TenantKey
from messaging_pipeline.pacing.daily_cap import CapDay


@dataclass(frozen=True, slots=True)
class ClaimedMessage:
    """A message that this worker alone may send until its lease runs out; ``retries`` is what its budget has paid."""

    id: MessageId
    tenant: TenantKey
    service: ServiceKey
    to_number: E164
    from_number: str | None
    content: bytes
    segments: int
    created_at: datetime
    due_at: datetime
    expires_at: datetime | None
    retries: int
    claim_id: UUID
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to claim: of which service, in which order, how many segments, and within which daily cap."""

    service: ServiceKey
    segments: int
    order: Order = USUAL_ORDER
    cap: CapDay | None = None


def claim_due(pool: Pool, wanted: Wanted, *, now: datetime, lease_until: datetime) -> list[ClaimedMessage]:
    """Take the best due messages that the segments carry: by priority, then by due time."""
    cap = wanted.cap
    if cap is None:
        with pool.connection() as connection:
            return _claim(connection, wanted, wanted.segments, now, lease_until)
    return in_transaction(pool, lambda connection: _claim_within(connection, cap, wanted, now, lease_until))


def weight_of_next_due(pool: Pool, wanted: Wanted, now: datetime) -> int | None:
    """Return the segments of the message that goes next, or None when nothing is due."""
    values = {"service": wanted.service, "priorities": list(wanted.order), "now": now}
    with pool.connection() as connection:
        row = connection.execute(sql("weight_of_next_due"), values).fetchone()
    return None if row is None else int(row[0])


def left_of_cap(pool: Pool, cap: CapDay) -> int:
    """Return the segments that the day's cap still allows."""
    return in_transaction(pool, lambda connection: _left(connection, cap))


def release(
    pool: Pool,
    messages: Sequence[ClaimedMessage],
    *,
    reason: str,
    now: datetime,
    due_at: datetime | None = None,
    gate: str | None = None,
    cap: CapDay | None = None,
) -> None:
    """Give back messages of one claim that were not started; ``due_at`` puts them off until then, ``gate`` is why."""
    if messages:
        values = {"reason": reason, "now": now, "due_at": due_at, "gate": gate}
        in_transaction(pool, lambda connection: _release(connection, messages, values, cap))


def put_off(
    connection: Connection[TupleRow],
    message: ClaimedMessage,
    reason: str,
    now: datetime,
    due_at: datetime,
    cap: CapDay | None,
) -> None:
    """Give back one message that cannot go yet; its budget pays for the next try."""
    values = {"id": message.id, "claim_id": message.claim_id, "reason": reason, "due_at": due_at, "now": now}
    connection.execute(sql("put_off_claimed"), values)
    if cap is not None:  # also when the claim was lost meanwhile: it was counted by itself
        use_cap(connection, cap, -message.segments)


def note(connection: Connection[TupleRow], message: ClaimedMessage, detail: str, now: datetime) -> None:
    """Write a line into the history of a claimed message that moves nothing."""
    values = {"id": message.id, "claim_id": message.claim_id, "detail": detail, "now": now}
    connection.execute(sql("note_on_claimed"), values)


def use_cap(connection: Connection[TupleRow], cap: CapDay, segments: int) -> None:
    """Count segments towards the day's cap, or give back (negative) what did not leave."""
    connection.execute(sql("use_cap"), {"cap": cap.name, "day": cap.day, "segments": segments})


def _claim(
    connection: Connection[TupleRow], wanted: Wanted, segments: int, now: datetime, lease_until: datetime
) -> list[ClaimedMessage]:
    with connection.cursor(row_factory=class_row(ClaimedMessage)) as cursor:
        return cursor.execute(
            sql("claim_due"),
            {
                "service": wanted.service,
                "segments": segments,
                "priorities": list(wanted.order),
                "now": now,
                "lease_until": lease_until,
                "claim_id": uuid4(),
            },
        ).fetchall()


def _claim_within(
    connection: Connection[TupleRow], cap: CapDay, wanted: Wanted, now: datetime, lease_until: datetime
) -> list[ClaimedMessage]:
    """Claims of a capped sender come one after another, so that the day's sum is exact."""
    carried = min(wanted.segments, _left(connection, cap))
    claimed = _claim(connection, wanted, carried, now, lease_until) if carried > 0 else []
    if claimed:
        use_cap(connection, cap, sum(message.segments for message in claimed))
    return claimed


def _left(connection: Connection[TupleRow], cap: CapDay) -> int:
    key = {"cap": cap.name, "day": cap.day}
    connection.execute(sql("open_cap_day"), key)
    row = connection.execute(sql("used_of_cap"), key).fetchone()
    return cap.segments - (int(row[0]) if row else 0)


def _release(
    connection: Connection[TupleRow],
    messages: Sequence[ClaimedMessage],
    values: Mapping[str, Any],
    cap: CapDay | None,
) -> None:
    taken = {"message_ids": [message.id for message in messages], "claim_id": messages[0].claim_id}
    connection.execute(sql("release_claim"), {**values, **taken})
    if cap is not None:
        use_cap(connection, cap, -sum(message.segments for message in messages))
