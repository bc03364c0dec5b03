"""When it is quiet in a time zone, and when not: a calendar that knows the days on which clocks are changed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from messaging_pipeline.policies.compliance import WEEKDAYS, Hours

#: A message that leaves in the last minute arrives in the quiet hours, and Twilio needs a while to send it.
LAST_MINUTE = timedelta(minutes=1)

_DAY = timedelta(days=1)
#: Any week holds each weekday, and a change of the clocks is over after a day.
_LOOK_AHEAD = timedelta(days=9)
_MIDNIGHT = time()


@dataclass(frozen=True, slots=True)
class Spell:
    """A quiet time in one zone."""

    starts_at: datetime
    ends_at: datetime
    zone: str

    def covers(self, at: datetime) -> bool:
        """Tell whether nothing may leave at a time, the minute before the spell included."""
        return self.starts_at - LAST_MINUTE <= at < self.ends_at


@dataclass(frozen=True, slots=True)
class Opening:
    """When it is quiet nowhere any more, and the spell that was the last to end, if there was one."""

    at: datetime
    after: Spell | None


def next_opening(policy: Hours, zones: Sequence[str], at: datetime) -> Opening | None:
    """Return the earliest time, from ``at`` on, at which it is quiet in none of the zones; None if there is none."""
    opening = Opening(at, None)
    while opening.at <= at + _LOOK_AHEAD:
        spells = [spell for spell in _spells_around(policy, zones, opening.at) if spell.covers(opening.at)]
        if not spells:
            return opening
        last = max(spells, key=lambda spell: spell.ends_at)
        opening = Opening(last.ends_at, last)
    return None


def closing_time(policy: Hours, zones: Sequence[str], at: datetime) -> datetime | None:
    """Return when it next becomes quiet in one of the zones; None if not within a day."""
    starts = [spell.starts_at for spell in _spells_around(policy, zones, at)]
    return min((start for start in starts if start > at), default=None)


def _spells_around(policy: Hours, zones: Sequence[str], at: datetime) -> Iterator[Spell]:
    """The spells that begin yesterday, today or tomorrow: no spell is longer than a day."""
    for zone in zones:
        today = at.astimezone(ZoneInfo(zone)).date()
        for day in (today - _DAY, today, today + _DAY):
            yield from _spells_of(policy, zone, day)


def _spells_of(policy: Hours, zone: str, day: date) -> Iterator[Spell]:
    weekday = WEEKDAYS[day.weekday()]
    if weekday in policy.closed_days:
        yield _spell(zone, (day, _MIDNIGHT), (day + _DAY, _MIDNIGHT))
    if weekday in policy.days:
        last = day if policy.end > policy.begin else day + _DAY
        yield _spell(zone, (day, policy.begin), (last, policy.end))


def _spell(zone: str, begin: tuple[date, time], end: tuple[date, time]) -> Spell:
    """An hour that a change of the clocks skips or repeats is read so that the quiet lasts longer."""
    return Spell(min(_readings(zone, *begin)), max(_readings(zone, *end)), zone)


def _readings(zone: str, day: date, clock: time) -> list[datetime]:
    wall = datetime.combine(day, clock, ZoneInfo(zone))
    return [wall.replace(fold=fold).astimezone(UTC) for fold in (0, 1)]
