"""Claims on messages: due rows taken under a lease, and given back when they were not started."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from psycopg.rows import class_row

from messaging_pipeline.db.pool import Pool, in_transaction
from messaging_pipeline.db.queries import sql
from messaging_pipeline.ids import E164, MessageId, ServiceKey, TenantKey


@dataclass(frozen=True, slots=True)
class ClaimedMessage:
    """A message that this worker alone may send until its lease runs out."""

    id: MessageId
    tenant: TenantKey
    service: ServiceKey
    to_number: E164
    from_number: str | None
    content: bytes
    segments: int
    expires_at: datetime | None
    attempts: int
    claim_id: UUID


def claim_due(
    pool: Pool, service: ServiceKey, *, segments: int, now: datetime, lease_until: datetime
) -> list[ClaimedMessage]:
    """Take the best due messages that ``segments`` tokens carry: by priority, then by due time."""
    with pool.connection() as connection, connection.cursor(row_factory=class_row(ClaimedMessage)) as cursor:
        return cursor.execute(
            sql("claim_due"),
            {"service": service, "segments": segments, "now": now, "lease_until": lease_until, "claim_id": uuid4()},
        ).fetchall()


def weight_of_next_due(pool: Pool, service: ServiceKey, now: datetime) -> int | None:
    """Return the segments of the message that goes next, or None when nothing is due."""
    with pool.connection() as connection:
        row = connection.execute(sql("weight_of_next_due"), {"service": service, "now": now}).fetchone()
    return None if row is None else int(row[0])


def release(
    pool: Pool,
    messages: Sequence[ClaimedMessage],
    *,
    reason: str,
    now: datetime,
    due_at: datetime | None = None,
) -> None:
    """Give back messages of one claim that were not started; ``due_at`` puts them off until then."""
    if not messages:
        return
    values = {
        "message_ids": [message.id for message in messages],
        "claim_id": messages[0].claim_id,
        "reason": reason,
        "due_at": due_at,
        "now": now,
    }
    in_transaction(pool, lambda connection: connection.execute(sql("release_claim"), values))
