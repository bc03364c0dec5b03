"""The periods that limits are counted in: hours, days and months of UTC."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

_SURELY_NEXT_MONTH = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Period:
    """One hour, day or month; its end is the beginning of the next one."""

    name: Literal["hour", "day", "month"]
    begins_at: datetime
    ends_at: datetime


def hour_of(at: datetime) -> Period:
    """Return the hour that a time falls into."""
    begin = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return Period("hour", begin, begin + timedelta(hours=1))


def day_of(at: datetime) -> Period:
    """Return the day that a time falls into."""
    begin = hour_of(at).begins_at.replace(hour=0)
    return Period("day", begin, begin + timedelta(days=1))


def month_of(at: datetime) -> Period:
    """Return the month that a time falls into."""
    begin = day_of(at).begins_at.replace(day=1)
    return Period("month", begin, (begin + _SURELY_NEXT_MONTH).replace(day=1))
