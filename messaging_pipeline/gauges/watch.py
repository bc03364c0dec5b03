"""The thread that reads the gauges by turns; every worker that takes maintenance runs one, and any one is enough."""

import logging
import threading
import time
from collections.abc import Callable, Mapping

from redis.exceptions import RedisError

from messaging_pipeline.clock import Clock
from messaging_pipeline.db.pool import UNREACHABLE
from messaging_pipeline.gauges.reading import Gauges
from messaging_pipeline.metrics.state import STATE, Source, StateCollector, Values

_log = logging.getLogger(__name__)

EVERY_SECONDS = 15.0
LONGEST_PAUSE_SECONDS = 45.0
"""Less than a reading is shown for, however long it takes to make one."""

#: A large backlog takes a while to count: nine tenths of the time nobody counts.
_REST = 10.0


class GaugeWatch:
    """Reads until ``stop`` is set. While a source is away its gauges grow old, and nobody shows them any more."""

    def __init__(
        self,
        gauges: Gauges,
        clock: Clock,
        stop: threading.Event,
        *,
        shown: StateCollector = STATE,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._stop = stop
        self._shown = shown
        self._monotonic = monotonic
        self._sources: Mapping[Source, Callable[[], Values]] = {
            "database": gauges.of_database,
            "redis": gauges.of_redis,
        }

    def start(self) -> threading.Thread:
        """Run in a daemon thread of its own; set the event, then join the thread, to end it in order."""
        for source in self._sources:
            self._shown.expect(source)
        thread = threading.Thread(target=self.run, name="gauge-watch", daemon=True)
        thread.start()
        return thread

    def run(self) -> None:
        """Read and wait by turns; returns soon after the event is set."""
        pause_seconds = 0.0
        while not self._stop.wait(pause_seconds):
            began = self._monotonic()
            self.look()
            pause_seconds = pause_after(self._monotonic() - began)

    def look(self) -> None:
        """Read every source once, and show what could be read."""
        for source, read in self._sources.items():
            self._shown.expect(source)
            try:
                self._shown.show(source, read(), self._clock.now().timestamp())
            except (*UNREACHABLE, RedisError) as error:
                _log.warning("the gauges of the %s cannot be read: %s", source, type(error).__name__)
            except Exception:  # noqa: BLE001 - the boundary of this thread, which has no caller to report to
                _log.exception("the gauges of the %s cannot be read", source)


def pause_after(reading_seconds: float) -> float:
    """Return how long to wait after a reading that took so long."""
    return min(LONGEST_PAUSE_SECONDS, max(EVERY_SECONDS, _REST * reading_seconds))
