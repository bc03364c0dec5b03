"""Slots in Redis, shared by all workers: how many requests may be under way at once for one Twilio account.

A rate does not bound how many requests are open when answers are slow; Twilio does, and answers 429. So a worker
takes a slot before it talks to the account's API, keeps it while it goes on talking, and gives it back. Every call is
one run of ``slots.lua`` and therefore atomic, and the only clock is the Redis server's.

**The promise.** At no moment do more holders than the capacity have a slot whose lease has not run out. A holder
that counts its lease from before it asked, by its own clock, stops in time whatever happens to Redis or the network.

What follows from leases:

- *A killed holder* frees its slot when its lease runs out. So a lease should be longer than the longest request, and
  a holder says before each request that it goes on (``keep``); told that its slot is gone, it sends nothing.
- *A lost memory* (Redis wiped, key evicted, first use ever) means that nobody knows who is at work: nothing is
  granted for the length of one lease, by which time whoever held a slot has asked again or stopped. To tell this from
  an account that has long been idle, the memory keeps its birth and never expires.
- *Another capacity* counts from the first call that brings it. Made smaller, it takes no slot away; none is granted
  until enough were given back.
- *A server clock set back* costs at most the length of a lease. One set forward ends leases early, so the Redis
  hosts should run NTP.

All workers must use the same lease. Calls may be repeated: each of them, made twice, does what it does once.
"""

from dataclasses import dataclass
from importlib import resources
from typing import cast

from redis import Redis

from messaging_pipeline.errors import InvalidInput

MAX_CAPACITY = 10_000
MIN_LEASE_SECONDS = 0.1
MAX_LEASE_SECONDS = 3_600.0

_SCRIPT = resources.files("messaging_pipeline.pacing").joinpath("slots.lua").read_text("utf-8")
_MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Taken:
    """The answer to a ``take``: true when the slot is held."""

    held: bool

    wait_seconds: float
    """Until a slot is free, should nobody give one back before; 0.0 when one is held."""

    def __bool__(self) -> bool:
        return self.held


class Slots:
    """The slots called ``name``: one sorted set at ``mp:slots:<name>``, so Redis Cluster is fine.

    ``capacity`` is from 1 to 10,000 slots, ``lease_seconds`` from 0.1 to 3,600; anything else raises
    :class:`InvalidInput`. A holder is any name that nobody else uses. Making one talks to nobody. Every method raises
    ``redis.RedisError`` when the server does not answer; then a slot may be taken until its lease runs out.
    """

    def __init__(self, redis: Redis, name: str, capacity: int, lease_seconds: float) -> None:
        if not MIN_LEASE_SECONDS <= lease_seconds <= MAX_LEASE_SECONDS:
            allowed = f"give seconds, from {MIN_LEASE_SECONDS} to {MAX_LEASE_SECONDS:,}"
            raise InvalidInput("lease_seconds", "is out of range", allowed)
        self._key = f"mp:slots:{name}"
        self._capacity = _checked(capacity)
        self._lease_microseconds = round(lease_seconds * _MICROSECONDS)
        self._script = redis.register_script(_SCRIPT)

    @property
    def capacity(self) -> int:
        """How many slots there are, unless a call says otherwise."""
        return self._capacity

    def take(self, holder: str, capacity: int | None = None) -> Taken:
        """Take a slot, or learn when one will be free at the latest; whoever holds one already renews it.

        A ``capacity`` given here counts for this call in place of the one given at first.
        """
        most = self._capacity if capacity is None else _checked(capacity)
        held, wait_microseconds = cast("list[int]", self._run("take", _named(holder), most))
        return Taken(bool(held), wait_microseconds / _MICROSECONDS)

    def keep(self, holder: str) -> bool:
        """Renew a slot's lease; False when it is held no more, and then nothing may be sent on it."""
        return bool(self._run("keep", _named(holder)))

    def give_back(self, holder: str) -> bool:
        """Free a slot; return whether it was still held."""
        return bool(self._run("give_back", _named(holder)))

    def in_use(self) -> int:
        """Return how many slots are held now, for a gauge."""
        return cast("int", self._run("in_use"))

    def _run(self, operation: str, *values: str | int) -> object:
        return self._script(keys=[self._key], args=[self._lease_microseconds, operation, *values])


def _checked(capacity: int) -> int:
    if not 1 <= capacity <= MAX_CAPACITY:
        raise InvalidInput("capacity", "is out of range", f"give a number of slots from 1 to {MAX_CAPACITY:,}")
    return capacity


def _named(holder: str) -> str:
    if not holder:
        raise InvalidInput("holder", "is empty", "give a name that nobody else uses")
    return holder
