"""The thread that rings the alarms; every worker process runs one, and any one of them is enough."""

import logging
import threading

from messaging_pipeline.waking.wake_ups import WakeUps

_log = logging.getLogger(__name__)

OUTAGE_WAIT_SECONDS = 1.0
"""Between two attempts while Redis or the broker is away."""


class AlarmClock:
    """Rings when an alarm is due, until ``stop`` is set.

    An outage of Redis or of the broker is logged when it begins and when it ends. Meanwhile alarms do not
    ring; they are kept by Redis, and what Redis lost the sweep repairs.
    """

    def __init__(self, wakeups: WakeUps, stop: threading.Event) -> None:
        self._wakeups = wakeups
        self._stop = stop
        self._away = False

    def start(self) -> threading.Thread:
        """Run in a daemon thread of its own; set the event, then join the thread, to end it in order."""
        thread = threading.Thread(target=self.run, name="alarm-clock", daemon=True)
        thread.start()
        return thread

    def run(self) -> None:
        """Ring and wait by turns; returns soon after the event is set."""
        wait_seconds = 0.0
        while not self._stop.wait(wait_seconds):
            wait_seconds = self._ring()

    def _ring(self) -> float:
        """Ring once, whatever happens: a thread has no caller to report to, and must not end by an error."""
        try:
            wait_seconds = self._wakeups.ring()
        except Exception:  # noqa: BLE001, the boundary of this thread
            level = logging.DEBUG if self._away else logging.ERROR
            _log.log(level, "alarms do not ring; trying again every second", exc_info=True)
            self._away = True
            return OUTAGE_WAIT_SECONDS
        if self._away:
            _log.info("alarms ring again")
        self._away = False
        return wait_seconds
