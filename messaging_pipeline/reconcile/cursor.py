"""How far Twilio's lists have been read, and from where to where they are read next."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from messaging_pipeline.configuration import ReconcilePolicy
from messaging_pipeline.db.pool import Pool
from messaging_pipeline.db.queries import sql

OVERLAP = timedelta(minutes=5)
"""A list may lag behind, so its end is read once more."""

_FIRST_TIME = timedelta(days=1)
_SLICE = timedelta(hours=6)
_SHORTEST = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a list. What was sent before ``news_from`` has been read earlier; ``continues`` says that all of it
    was, so that the stretch may be ticked off. ``goes_back`` says that what was ticked off before does not count, since
    somebody's clock was wrong. ``is_open`` marks the newest part: it is read without an end, since
    Twilio's clock may be ahead of ours.
    """

    start: datetime
    end: datetime
    news_from: datetime
    continues: bool
    goes_back: bool = False
    is_open: bool = True

    def slices(self) -> Iterator["Span"]:
        """Cut it into pieces, oldest first, each of which can be ticked off."""
        start = self.start
        while start < self.end:
            end = min(start + _SLICE, self.end)
            yield replace(self, start=start, end=end, is_open=end == self.end)
            start = end

    def halves(self) -> tuple["Span", "Span"] | None:
        """Cut it in two, unless it is too short for that."""
        if self.end - self.start < _SHORTEST:
            return None
        middle = self.start + (self.end - self.start) / 2
        return replace(self, end=middle, is_open=False), replace(self, start=middle)


def span_to_read(
    pool: Pool, tenant: str, policy: ReconcilePolicy, now: datetime, *, since: datetime | None, at_once: bool
) -> Span | None:
    """Return what is to be read now; None when it is too early, unless it is wanted ``at_once``.

    The first time, that is everything since the oldest message without news, or a day. Who has read until a time that
    is still to come had a wrong clock, and nobody has read since: then it is a day at least.
    """
    read_before = _listed_until(pool, tenant)
    if read_before is not None and read_before > now + OVERLAP:
        furthest = min(_first_start(pool, tenant, policy, now), now - _FIRST_TIME)
        start = since or furthest
        return Span(start, now, start, continues=start <= furthest, goes_back=True)
    if read_before is not None and not at_once and now - read_before < timedelta(seconds=policy.list_every_seconds):
        return None
    known_until = read_before or _first_start(pool, tenant, policy, now)
    start = since or known_until - OVERLAP
    return Span(start, now, since or known_until, continues=start <= known_until)


def tick_off(pool: Pool, tenant: str, span: Span) -> None:
    """Note that a span was read, if nothing before it is missing."""
    if span.continues:
        with pool.connection() as connection:
            values = {"tenant": tenant, "listed_until": span.end, "goes_back": span.goes_back}
            connection.execute(sql("advance_listed_until"), values)


def _listed_until(pool: Pool, tenant: str) -> datetime | None:
    with pool.connection() as connection:
        row = connection.execute(sql("listed_until"), {"tenant": tenant}).fetchone()
    return row[0] if row else None


def _first_start(pool: Pool, tenant: str, policy: ReconcilePolicy, now: datetime) -> datetime:
    with pool.connection() as connection:
        row = connection.execute(sql("oldest_quiet"), {"tenant": tenant}).fetchone()
    oldest = row[0] if row else None
    furthest = now - timedelta(seconds=policy.give_up_after_seconds)
    return now - _FIRST_TIME if oldest is None else max(oldest, furthest)
