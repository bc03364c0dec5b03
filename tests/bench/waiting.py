"""Waiting for a store to come so far; a side that stands still ends the run with a sentence."""

import time
from collections.abc import Callable

STANDSTILL_SECONDS = 30.0
_LOOK_SECONDS = 0.05
_CLOSE_LOOK_SECONDS = 0.001


class StoodStill(Exception):
    """Raised when nothing has moved for half a minute."""


def until_all(count: Callable[[], int], target: int, what: str) -> float:
    """Return the time (``time.monotonic``) at which ``count`` has reached ``target``, looking 20 times a second."""
    best, moved_at = -1, time.monotonic()
    while True:
        reached, now = count(), time.monotonic()
        if reached >= target:
            return now
        if reached > best:
            best, moved_at = reached, now
        elif now - moved_at > STANDSTILL_SECONDS:
            raise StoodStill(f"{what}: {reached} of {target}, and nothing has moved for {STANDSTILL_SECONDS:g} seconds")
        time.sleep(_LOOK_SECONDS)


def until(is_so: Callable[[], bool], what: str) -> float:
    """Return the time (``time.perf_counter``) at which something is so, looking every millisecond."""
    began = time.perf_counter()
    while not is_so():
        if time.perf_counter() - began > STANDSTILL_SECONDS:
            raise StoodStill(f"{what}: not within {STANDSTILL_SECONDS:g} seconds")
        time.sleep(_CLOSE_LOOK_SECONDS)
    return time.perf_counter()
