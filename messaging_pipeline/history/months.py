"""The months in which histories are kept, each a partition: made ahead of time, by a duty that beat starts."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline.clock import Clock
from messaging_pipeline.db.pool import Pool
from messaging_pipeline.db.queries import sql

_log = logging.getLogger(__name__)

NO_MONTH = date.min
"""The month of messages that were accepted before there were months."""

MONTHS_AHEAD = 3
"""How many months are made beside the one that runs: so long beat may be away before anything is missing."""

LOCK_MILLISECONDS = 200
"""How long a change of partitions waits for its lock, since whoever writes a line waits behind it; next time, then."""

LONGEST_MAKING_MILLISECONDS = 1_000
"""How long making a month may take, since Postgres reads the default partition for it, and holds it meanwhile."""

_MOST_COUNTED_LINES = 10_000

_OBSTACLES: Mapping[type[psycopg.Error], str] = {
    psycopg.errors.LockNotAvailable: "somebody holds the history; it is tried again",
    psycopg.errors.CheckViolation: "lines of it lie in the default partition",
    psycopg.errors.QueryCanceled: "to read the default partition for it takes too long; see the runbook",
}


@dataclass(frozen=True, slots=True)
class Stray:
    """Lines in the default partition, of a month that has none, or none any more (``is_forgotten``)."""

    month: date
    lines: int
    is_forgotten: bool


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which months have a partition, and what lies in the default one for want of theirs; lines up to 10,000."""

    months: frozenset[date]
    strays: tuple[Stray, ...]

    def missing(self, now: datetime) -> list[date]:
        """Return the months that should be made by now, from the one that runs on, and can be.

        One of which lines lie in the default partition already stays there.
        """
        there = self.months | {one.month for one in self.strays}
        return [month for month in _wanted(now) if month not in there]

    def ahead(self, now: datetime) -> int:
        """Count the months after the one that runs, up to the first that is missing."""
        month, count = next_month(_month_of(now)), 0
        while month in self.months:
            month, count = next_month(month), count + 1
        return count

    def stray_lines(self) -> int:
        """Count the lines whose month should have been made; those of a month that was let go are not among them."""
        return sum(one.lines for one in self.strays if not one.is_forgotten)


def read_calendar(connection: Connection[TupleRow]) -> Calendar:
    """Ask Postgres which partitions there are."""
    months = connection.execute(sql("history_months")).fetchall()
    strays = connection.execute(sql("stray_history"), {"limit": _MOST_COUNTED_LINES}).fetchall()
    return Calendar(frozenset(month for (month,) in months), tuple(Stray(*row) for row in strays))


def make_months(connection: Connection[TupleRow], now: datetime) -> int:
    """Make what is missing, each month in a transaction of its own, and return how many this call has made.

    Nothing is moved. A month whose lock was not to be had is left for the next time.
    """
    return sum(_make(connection, month) for month in read_calendar(connection).missing(now))


def _make(connection: Connection[TupleRow], month: date) -> bool:
    try:
        with connection.transaction():
            connection.execute(sql("wait_a_moment_for_locks"), {"milliseconds": LOCK_MILLISECONDS})
            connection.execute(sql("take_a_moment"), {"milliseconds": LONGEST_MAKING_MILLISECONDS})
            row = connection.execute(sql("make_history_month"), {"month": month}).fetchone()
    except tuple(_OBSTACLES) as error:
        obstacle = next(told for kind, told in _OBSTACLES.items() if isinstance(error, kind))
        _log.warning("the partition of %s is not made: %s", name_of(month), obstacle)
        return False
    made = row == (True,)
    if made:
        _log.info("the partition of %s is made", name_of(month))
    return made


@dataclass(frozen=True, slots=True)
class MakingMonths:
    """The duty. Any number of runs may go on at once: one makes a month, the others find it."""

    pool: Pool
    clock: Clock

    def run(self) -> Mapping[str, int]:
        """Make the months to come, and return how many were made and how many there are ahead."""
        now = self.clock.now()
        with self.pool.connection() as connection:
            made = make_months(connection, now)
            calendar = read_calendar(connection)
        if calendar.stray_lines():
            _log.warning("lines of history lie in the default partition, since their month was not made in time")
        return {"made": made, "ahead": calendar.ahead(now)}


def next_month(month: date) -> date:
    """Return the first day of the month after."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def end_of(month: date) -> datetime:
    """Return when a month ends (UTC)."""
    following = next_month(month)
    return datetime(following.year, following.month, 1, tzinfo=UTC)


def name_of(month: date) -> str:
    """Return how people are told of a month: ``2026-11``."""
    return "before there were months" if month == NO_MONTH else f"{month:%Y-%m}"


def _month_of(now: datetime) -> date:
    return now.astimezone(UTC).date().replace(day=1)


def _wanted(now: datetime) -> list[date]:
    months = [_month_of(now)]
    for _ in range(MONTHS_AHEAD):
        months.append(next_month(months[-1]))
    return months
