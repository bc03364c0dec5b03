"""A run of the token bucket and of a pace, second by second: the product's own code, on a Redis whose time is moved."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.deliver import supply
from messaging_pipeline.pacing.token_bucket import Buckets
from messaging_pipeline.services.pace import Pace, factor_at, lowered
from tests.support.paced_redis import PacedRedis, SteeredTime, fake_redis

RATE = 10.0
BURST = 30
HANDED_OVER_AT = 5.0
SEGMENTS = 860
#: Two refusals of one moment; the second is no news.
REFUSED_AT = (30.0, 30.5)
SECONDS = 112
_TICKS = 10
_START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Moment:
    """A tenth of a second: what was granted in it, and how rate and bucket stood at its end."""

    at: float
    granted: int
    rate: float
    level: float


@dataclass
class _Backlog:
    """What waits, and the pace at which it may leave."""

    segments: int = 0
    pace: Pace | None = None


def run() -> list[Moment]:
    """Let a backlog meet a full bucket, and a 429 in the middle."""
    with fake_redis() as paced:
        buckets, clock, backlog = Buckets(paced.redis), ManualClock(_START), _Backlog()
        buckets.bucket("offers", RATE, BURST).take(1)  # seen for the first time, it is empty
        return [_tick(paced, buckets, clock, backlog, tick / _TICKS) for tick in range(SECONDS * _TICKS)]


def per_second(moments: Sequence[Moment]) -> list[int]:
    """What was granted in each second."""
    return [sum(one.granted for one in moments[at : at + _TICKS]) for at in range(0, len(moments), _TICKS)]


def _tick(paced: PacedRedis, buckets: Buckets, clock: ManualClock, backlog: _Backlog, at: float) -> Moment:
    if at == HANDED_OVER_AT:
        backlog.segments = SEGMENTS
    if at in REFUSED_AT:
        backlog.pace = lowered(backlog.pace, clock.now()) or backlog.pace
    rate = RATE * factor_at(backlog.pace, clock.now())
    granted = _taken(buckets, rate, backlog)
    level = buckets.bucket("offers", rate, BURST).level()
    assert isinstance(paced.time, SteeredTime)
    paced.time.wait(1 / _TICKS)
    clock.advance(1 / _TICKS)
    return Moment(at, granted, rate, level)


def _taken(buckets: Buckets, rate: float, backlog: _Backlog) -> int:
    """Take as lanes do, one after the other, until the bucket has too little or nothing waits."""
    bucket, taken = buckets.bucket("offers", rate, BURST), 0
    while True:
        want = min(math.ceil(rate * supply._BATCH_SECONDS), supply._LARGEST_BATCH_SEGMENTS, BURST, backlog.segments)
        if not want:
            return taken
        grant = bucket.take(want, min(want, math.ceil(rate * supply._WORTH_WAKING_SECONDS)))
        backlog.segments -= grant.granted
        taken += grant.granted
        if not grant.granted:
            return taken
