"""Steers services while they run: what operators decide, and what refusals decide for them.

The use cases commit by themselves; ``hold`` and ``slow_down`` work within the transaction of whoever was refused.
Workers see a change when their board reads anew, within half a second.
"""

from collections.abc import Collection
from datetime import datetime

from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline.db.pool import Pool, in_transaction
from messaging_pipeline.db.queries import sql
from messaging_pipeline.errors import InvalidInput
from messaging_pipeline.ids import ServiceKey
from messaging_pipeline.pacing.token_bucket import MAX_RATE_PER_SECOND, MIN_RATE_PER_SECOND
from messaging_pipeline.services.pace import Pace, PaceName, lowered

MAX_BURST_SEGMENTS = 10_000

_PAUSED = "paused by an operator"


def pause(pool: Pool, service: ServiceKey, now: datetime) -> None:
    """Stop sending, go on accepting; what is in Twilio's hands is not called back. A held service stays held."""
    in_transaction(
        pool,
        lambda connection: connection.execute(
            sql("pause_service"), {"service": service, "reason": _PAUSED, "now": now}
        ),
    )


def resume(pool: Pool, service: ServiceKey, now: datetime) -> None:
    """Send and accept again, after a pause, a hold or a drain; rates stay as they were set."""
    in_transaction(pool, lambda connection: connection.execute(sql("resume_service"), {"service": service, "now": now}))


def drain(pool: Pool, service: ServiceKey, now: datetime) -> None:
    """Accept nothing new; what is accepted still goes out."""
    in_transaction(pool, lambda connection: connection.execute(sql("drain_service"), {"service": service, "now": now}))


def set_rate(
    pool: Pool, service: ServiceKey, segments_per_second: float | None, burst: int | None, now: datetime
) -> None:
    """Set a rate and a burst in place of those in the file; None goes back to the file's.

    Raises InvalidInput for a rate or a burst out of range.
    """
    _refuse_out_of_range(segments_per_second, burst)
    values = {"service": service, "segments_per_second": segments_per_second, "burst_segments": burst, "now": now}
    in_transaction(pool, lambda connection: connection.execute(sql("set_rate_of_service"), values))


def hold(
    connection: Connection[TupleRow], service: ServiceKey, reason: str, error_code: int | None, now: datetime
) -> bool:
    """Stop a service whose account or sender is at fault; return whether it was sending until now."""
    values = {"service": service, "reason": reason, "error_code": error_code, "now": now}
    return connection.execute(sql("hold_service"), values).fetchone() is not None


def slow_down(connection: Connection[TupleRow], names: Collection[PaceName], now: datetime) -> list[PaceName]:
    """Lower paces after a limit was met; return those that fell: not those that had fallen a moment ago.

    Their rows stay locked until the transaction ends: call it after messages were locked, as everybody does.
    """
    rows = connection.execute(sql("lock_paces"), {"names": list(names)}).fetchall()
    stored = {PaceName(name): Pace(factor, lowered_at) for name, factor, lowered_at in rows}
    fallen = {name: pace for name in names if (pace := lowered(stored.get(name), now)) is not None}
    if not fallen:
        return []
    values = {
        "names": list(fallen),
        "factors": [pace.factor for pace in fallen.values()],
        "locked": list(stored),
        "now": now,
    }
    return [PaceName(name) for (name,) in connection.execute(sql("lower_paces"), values).fetchall()]


def _refuse_out_of_range(segments_per_second: float | None, burst: int | None) -> None:
    if segments_per_second is not None and not MIN_RATE_PER_SECOND <= segments_per_second <= MAX_RATE_PER_SECOND:
        allowed = f"give message segments a second, from {MIN_RATE_PER_SECOND} to {MAX_RATE_PER_SECOND:,}"
        raise InvalidInput("segments_per_second", "is out of range", allowed)
    if burst is not None and not 1 <= burst <= MAX_BURST_SEGMENTS:
        raise InvalidInput("burst", "is out of range", f"give a number of segments from 1 to {MAX_BURST_SEGMENTS:,}")
