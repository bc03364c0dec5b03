"""Time inside the simulation: it may run faster than the wall clock, and a reset stops it."""

import asyncio
import math
import time
from collections.abc import Callable
from functools import partial
from typing import ParamSpec

Arguments = ParamSpec("Arguments")

_TICK_SECONDS = 0.01
"""Things happen at ticks, together: waking up a hundred times a second costs less than once for each event."""


def unix_now() -> float:
    """Return the wall-clock time in Unix seconds; every date the simulator shows comes from here."""
    return time.time()


async def pause(real_seconds: float) -> None:
    """Wait in real time, until the first tick that is not too early."""
    if real_seconds > 0:
        now = asyncio.get_running_loop().time()
        await asyncio.sleep(_tick_after(now + real_seconds) * _TICK_SECONDS - now)


def _tick_after(moment: float) -> int:
    return math.ceil(moment / _TICK_SECONDS)


class SimulatedTime:
    """Seconds of the simulated world; ``speed`` of them pass in one second of ours."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._loop = asyncio.get_running_loop()
        self._started = self._loop.time()
        self._due: dict[int, list[Callable[[], None]]] = {}
        self._stopped = False

    def elapsed(self) -> float:
        """Return the simulated seconds since the start."""
        return (self._loop.time() - self._started) * self._speed

    def call_after(
        self,
        simulated_seconds: float,
        action: Callable[Arguments, None],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> None:
        """Run ``action`` when that many simulated seconds have passed, unless time has stopped by then."""
        if self._stopped:
            return
        tick = _tick_after(self._loop.time() + simulated_seconds / self._speed)
        actions = self._due.get(tick)
        if actions is None:
            actions = self._due[tick] = []
            self._loop.call_at(tick * _TICK_SECONDS, self._run, tick)
        actions.append(partial(action, *args, **kwargs))

    def stop(self) -> None:
        """Let nothing happen any more."""
        self._stopped = True
        self._due.clear()

    def _run(self, tick: int) -> None:
        for action in self._due.pop(tick, ()):
            action()
