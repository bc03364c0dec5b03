"""Daily caps: what may leave for a brand or a sender on one of its days, and when its next day begins."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from messaging_pipeline.configuration import Configuration, DailyCap
from messaging_pipeline.ids import ServiceKey


@dataclass(frozen=True, slots=True)
class CapDay:
    """A cap on one of its days: ``segments`` in all may leave until ``ends_at``."""

    name: str
    day: date
    segments: int
    ends_at: datetime


def cap_day(configuration: Configuration, service: ServiceKey, now: datetime) -> CapDay | None:
    """Return the present day of a service's cap, or None for a service without one."""
    name = configuration.services[service].daily_cap
    return None if name is None else day_of(name, configuration.caps[name], now)


def day_of(name: str, cap: DailyCap, now: datetime) -> CapDay:
    """Return the day of a cap that ``now`` falls into; before the reset hour it is still the day before."""
    local = now.astimezone(cap.zone())
    day = local.date() if local.hour >= cap.reset_hour else local.date() - timedelta(days=1)
    return CapDay(name, day, cap.segments_per_day, _begin(day + timedelta(days=1), cap).astimezone(now.tzinfo))


def _begin(day: date, cap: DailyCap) -> datetime:
    """The reset hour by the zone's own clock; where summer time skips it, the moment the clock jumps over it."""
    return datetime(day.year, day.month, day.day, cap.reset_hour, tzinfo=cap.zone())
