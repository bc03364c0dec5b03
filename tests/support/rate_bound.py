"""Judges a log of grants by the promise of the token bucket, without knowing how the bucket works."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Use:
    """So many tokens used, at that microsecond of the server's clock."""

    at_microseconds: int
    tokens: int


def most_above_rate(uses: Iterable[Use], rate_per_second: float) -> float:
    """The most by which any stretch of time, ends included, held more tokens than its length allows.

    A bucket keeps its promise when this is no more than its burst. One pass is enough: the best stretch that
    ends at a use is that use alone, or it and the best one that ended at the use before, less what time has
    made good.
    """
    worst = above = 0.0
    previous = None
    for use in sorted(uses, key=lambda use: use.at_microseconds):
        if previous is not None:
            elapsed = use.at_microseconds - previous
            above = max(0.0, above - elapsed * rate_per_second / 1_000_000)
        above += use.tokens
        worst = max(worst, above)
        previous = use.at_microseconds
    return worst


def spilled(uses: Iterable[Use], rate_per_second: float, burst: int, opened_at_microseconds: int) -> float:
    """The tokens that nobody could have used, since they came to a bucket that was full already."""
    level = lost = 0.0
    previous = opened_at_microseconds
    for use in sorted(uses, key=lambda use: use.at_microseconds):
        level += (use.at_microseconds - previous) * rate_per_second / 1_000_000
        lost += max(0.0, level - burst)
        level = min(level, burst) - use.tokens
        previous = use.at_microseconds
    return lost
