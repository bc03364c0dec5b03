"""Lets histories go, a month at a time: its partition is dropped when no tenant wants it and nothing is owed."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline.clock import Clock
from messaging_pipeline.configuration import Configuration
from messaging_pipeline.db.pool import Pool
from messaging_pipeline.db.queries import sql
from messaging_pipeline.history.months import LOCK_MILLISECONDS, NO_MONTH, end_of, name_of, read_calendar
from messaging_pipeline.policies.retention import RetentionPolicy

_log = logging.getLogger(__name__)

_BATCH_LINES = 500
_MOST_BATCHES = 200


@dataclass(frozen=True, slots=True)
class LettingHistoriesGo:
    """Drops months. Any number of runs may go on at once: the second finds the month gone."""

    pool: Pool
    clock: Clock
    configuration: Configuration

    def run(self) -> int:
        """Let go of every month that is over for all tenants, and return how many partitions were dropped."""
        days = longest_kept_days(tenant.retention for tenant in self.configuration.tenants.values())
        if days is None:
            return 0
        now = self.clock.now()
        with self.pool.connection() as connection:
            calendar = read_calendar(connection)
            held = calendar.months | {one.month for one in calendar.strays}
            over = [month for month in sorted(held) if _is_over(connection, month, now - timedelta(days=days))]
            return sum(_let_go(connection, month, now, month in calendar.months) for month in over)


def longest_kept_days(policies: Iterable[RetentionPolicy | None]) -> int | None:
    """Return for how many days somebody wants histories; None when there is a tenant that keeps them for ever."""
    wanted = [policy.history_days if policy else None for policy in policies]
    kept = [days for days in wanted if days is not None]
    return max(kept) if kept and len(kept) == len(wanted) else None


def _is_over(connection: Connection[TupleRow], month: date, before: datetime) -> bool:
    """Tell whether all of a month's messages were accepted before then."""
    if month != NO_MONTH:
        return end_of(month) <= before
    row = connection.execute(sql("months_began_at")).fetchone()
    return row is not None and row[0] <= before


def _let_go(connection: Connection[TupleRow], month: date, now: datetime, has_partition: bool) -> bool:
    needed = _what_keeps(connection, month)
    if needed:
        _log.info("the history of %s stays: %s", name_of(month), "; ".join(needed))
        return False
    return _empty_default_partition(connection, month) and _forget(connection, month, now) and has_partition


def _what_keeps(connection: Connection[TupleRow], month: date) -> list[str]:
    """Return why a month is still needed; only when nothing says so are its messages read one by one."""
    values = {"month": month}
    with connection.transaction():
        connection.execute(sql("forget_without_hurry"))
        quickly = connection.execute(sql("what_keeps_history"), values).fetchall()
        return [reason for (reason,) in quickly or connection.execute(sql("who_keeps_history"), values)]


def _empty_default_partition(connection: Connection[TupleRow], month: date) -> bool:
    """Delete what lies there of the month: as a rule nothing, or what was heard after the month had gone.

    Returns whether that was all of it; the next run goes on.
    """
    for _ in range(_MOST_BATCHES):
        values = {"month": month, "limit": _BATCH_LINES}
        if connection.execute(sql("forget_stray_history"), values).rowcount < _BATCH_LINES:
            return True
    return False


def _forget(connection: Connection[TupleRow], month: date, now: datetime) -> bool:
    """Drop the partition and write down that it is gone, in one transaction; not now, if its lock is not to be had."""
    try:
        with connection.transaction():
            connection.execute(sql("wait_a_moment_for_locks"), {"milliseconds": LOCK_MILLISECONDS})
            connection.execute(sql("forget_history_month"), {"month": month, "now": now})
    except psycopg.errors.LockNotAvailable:
        _log.info("the history of %s stays for now: somebody reads it", name_of(month))
        return False
    except (psycopg.errors.DependentObjectsStillExist, psycopg.errors.InsufficientPrivilege) as error:
        _log.error(
            "the history of %s cannot be dropped: %s",
            name_of(month),
            error.diag.message_detail or error.diag.message_primary,
        )
        return False
    _log.info("the history of %s is gone", name_of(month))
    return True
