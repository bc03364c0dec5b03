"""Publishes what gathered since the last publish: one trip to the broker for many callbacks."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

Report = dict[str, Any]

#: A group is one Celery task and one transaction; larger ones hold locks for longer and gain nothing.
_LARGEST_GROUP = 100


#: The least time between two publishes. A group costs the broker's clients much more than what is in it. Without this,
#: groups at half of the webhooks' capacity were small, and the workers used four times the CPU for each callback.
_GATHERING_SECONDS = 0.005

#: So many do not wait for others: as a rule they hold every thread there is, and nobody else can come.
_CROWD = 16


def _taken_lock() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock


@dataclass(slots=True)
class _Slip:
    """One waiting request. ``turn`` is released when it is published, or when it is its turn to publish."""

    report: Report
    turn: threading.Lock = field(default_factory=_taken_lock)
    published: bool = False
    error: BaseException | None = None


class Outlet:
    """Hands reports to the broker in groups. A request returns only when its own report is there.

    The first request to come publishes at once, unless somebody has just done so; those that come meanwhile wait,
    and one of them then publishes for all. Alone, a request waits for nobody.
    """

    def __init__(
        self,
        publish: Callable[[Sequence[Report]], None],
        *,
        gathering_seconds: float = _GATHERING_SECONDS,
        crowd: int = _CROWD,
    ) -> None:
        self._publish = publish
        self._gathering_seconds = gathering_seconds
        self._crowd = crowd
        self._lock = threading.Lock()
        self._waiting: list[_Slip] = []
        self._crowded = threading.Event()
        self._busy = False
        self._published_at = -gathering_seconds

    def submit(self, report: Report) -> None:
        """Return once the broker has the report; raises what publishing its group raised."""
        slip = _Slip(report)
        if not self._is_first(slip):
            slip.turn.acquire()
        if not slip.published:
            self._gather()
            self._publish_group(slip)
        if slip.error is not None:
            raise slip.error

    def _is_first(self, slip: _Slip) -> bool:
        with self._lock:
            self._waiting.append(slip)
            if len(self._waiting) >= self._crowd:
                self._crowded.set()
            first = not self._busy
            self._busy = True
        return first

    def _gather(self) -> None:
        """Let others come, if the last publish was a moment ago."""
        remaining_seconds = self._published_at + self._gathering_seconds - time.monotonic()
        if remaining_seconds > 0:
            self._crowded.wait(remaining_seconds)

    def _publish_group(self, own: _Slip) -> None:
        with self._lock:
            group, self._waiting = self._waiting[:_LARGEST_GROUP], self._waiting[_LARGEST_GROUP:]
            if len(self._waiting) < self._crowd:
                self._crowded.clear()
        error = self._attempt([slip.report for slip in group])
        for slip in group:
            slip.published, slip.error = True, error
            if slip is not own:
                slip.turn.release()
        self._hand_over()

    def _attempt(self, reports: Sequence[Report]) -> BaseException | None:
        try:
            self._publish(reports)
        except BaseException as error:  # noqa: BLE001 - each waiting request raises it on its own thread
            return error
        finally:
            self._published_at = time.monotonic()
        return None

    def _hand_over(self) -> None:
        """Give the turn to the first of those who came meanwhile."""
        with self._lock:
            self._busy = bool(self._waiting)
            heir = self._waiting[0] if self._waiting else None
        if heir is not None:
            heir.turn.release()
