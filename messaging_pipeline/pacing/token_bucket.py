"""A token bucket in Redis, shared by all workers of a service: it grants tokens now or says how long to wait.

Tokens are message segments, since that is what Twilio and the carriers count. A bucket holds at most
``burst`` and is refilled at ``rate_per_second``. Every call is one run of ``token_bucket.lua`` and therefore
atomic, and the only clock is the Redis server's, so workers need not agree on the time.

**The promise.** In any stretch of *t* seconds at most ``burst + rate_per_second * t`` tokens are granted and
not given back (a microsecond's worth of rounding aside). When a single grant had to be heavier than the
burst, the heaviest such grant stands in the place of ``burst``.

**What is stored** is the instant at which the bucket will be full again. Tokens taken move it away, time
brings it nearer; once it has passed, the bucket is full. What follows from that:

- *Another burst* counts at once, and what was taken before stays taken: a bucket of 10 with 4 left that
  becomes a bucket of 20 has 14, and one that becomes a bucket of 5 is one short of empty.
- *Another rate* counts from the first call that brings it. The tokens still missing are kept, not the time to
  refill them: a fast sender made slow does not begin with a burst, a slow one made fast does not sit out its
  old wait.
- *A server clock set back* costs the time until the next ``take``, no more. One set forward fills the bucket,
  so the Redis hosts should run NTP.
- *A lost memory* (Redis wiped, key evicted, first use ever) means an empty bucket, since nobody knows what
  was sent a moment ago: the first token comes after ``1 / rate_per_second`` seconds. To tell this from a
  bucket that has long been full, the keys never expire; there is one small hash for each service.

**The client** handed in must not repeat a command by itself, as redis-py does unless told otherwise
(``redis_client.open_redis`` tells it). A ``take`` that is run twice only wastes tokens; a ``give_back`` run
twice would break the promise.
"""

from dataclasses import dataclass
from importlib import resources
from typing import cast

from redis import Redis
from redis.commands.core import Script

from messaging_pipeline.errors import InvalidInput

MIN_RATE_PER_SECOND = 0.001

MAX_RATE_PER_SECOND = 10_000
"""Grants are rounded up to whole microseconds; beyond this rate, one at a time, that would cost over 1 %."""

MAX_BURST = 1_000_000

_SCRIPT = resources.files("messaging_pipeline.pacing").joinpath("token_bucket.lua").read_text("utf-8")
_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Grant:
    """The answer to a ``take``: tokens, or how long to wait for them."""

    granted: int
    """Tokens that may be used now; 0 when there were too few."""

    wait_seconds: float
    """Until the tokens asked for are there, if nobody else takes any; 0.0 when some were granted."""

    at_microseconds: int
    """When this was decided: microseconds since 1970 by the Redis server's clock."""


class TokenBucket:
    """The bucket called ``name``: one hash at ``mp:pacing:<name>``, so Redis Cluster is fine.

    ``rate_per_second`` is from 0.001 to 10,000 tokens a second, ``burst`` from 1 to 1,000,000 tokens;
    anything else raises :class:`InvalidInput`. Making one talks to nobody. Every method raises
    ``redis.RedisError`` when the server does not answer; then nothing was granted, and tokens may be lost.
    """

    def __init__(
        self, redis: Redis, name: str, rate_per_second: float, burst: int, script: Script | None = None
    ) -> None:
        _refuse_out_of_range(rate_per_second, burst)
        self._key = f"mp:pacing:{name}"
        self._rate = float(rate_per_second)
        self._burst = burst
        self._script = script or redis.register_script(_SCRIPT)

    def take(self, want: int, at_least: int = 1) -> Grant:
        """Take up to ``want`` tokens if ``at_least`` are there now; otherwise take none and learn the wait.

        An ``at_least`` above the burst, for a message of more segments than that, is granted when the bucket
        is full, exactly, and paid for in full: the level falls below zero and has to rise again. A bucket
        that others keep taking from does not get full, so let nothing lighter pass such a message.

        Raises :class:`InvalidInput` unless ``1 <= at_least <= want``.
        """
        if not 1 <= at_least <= want:
            raise InvalidInput("at_least", "is out of range", "give a number from 1 to the tokens you want")
        granted, wait_microseconds, at_microseconds = cast("list[int]", self._run("take", want, at_least))
        return Grant(granted, wait_microseconds / _MICROSECONDS, at_microseconds)

    def give_back(self, unused: int, of: Grant) -> None:
        """Return the ``unused`` tokens of a grant: at once, and only once for each grant.

        Time refills the place of a grant of *n* within *n / rate* seconds, and what is refilled already must not
        be returned as well. Otherwise, with a burst of 10: somebody takes 10 and holds them until 10 others have
        grown and been used, gives 10 back, and 20 have been used at once. So at most
        ``of.granted - rate * seconds_held`` tokens return and the rest lapses. The level then is no higher than
        if the returned tokens had never been taken; in particular, no higher than the burst.

        Hence the remainder of a grant comes back whole while its used part is being refilled, but a grant of
        which nothing was used comes back without what has grown meanwhile. Take what you know how to use.

        Raises :class:`InvalidInput` unless ``0 <= unused <= of.granted``.
        """
        if not 0 <= unused <= of.granted:
            raise InvalidInput("unused", "is out of range", "give a number from 0 to the tokens granted")
        if unused:
            self._run("give_back", unused, of.granted, of.at_microseconds)

    def level(self) -> float:
        """Return the tokens there now, for a gauge; below zero after a grant heavier than the burst."""
        (there_microseconds,) = cast("list[int]", self._run("level"))
        return min(there_microseconds * self._rate / _MICROSECONDS, float(self._burst))

    def _run(self, operation: str, *numbers: int) -> object:
        return self._script(keys=[self._key], args=[repr(self._rate), self._burst, operation, *numbers])


class Buckets:
    """Hands out buckets at the rate of the moment; all of them share one script, so one costs next to nothing.

    Give back through the bucket that granted: the one at another rate reckons with another refill.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._script = redis.register_script(_SCRIPT)

    def bucket(self, name: str, rate_per_second: float, burst: int) -> TokenBucket:
        """Return the bucket of this name at a rate and a burst; raises :class:`InvalidInput` as it does."""
        return TokenBucket(self._redis, name, rate_per_second, burst, self._script)


def _refuse_out_of_range(rate_per_second: float, burst: int) -> None:
    if not MIN_RATE_PER_SECOND <= rate_per_second <= MAX_RATE_PER_SECOND:
        allowed = f"give tokens a second, from {MIN_RATE_PER_SECOND} to {MAX_RATE_PER_SECOND:,}"
        raise InvalidInput("rate_per_second", "is out of range", allowed)
    if not 1 <= burst <= MAX_BURST:
        raise InvalidInput("burst", "is out of range", f"give a number of tokens from 1 to {MAX_BURST:,}")
