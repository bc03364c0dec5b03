"""Publishes what gathered while the last publish was under way: one trip to the broker for many callbacks."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

Report = dict[str, Any]

#: A group is one Celery task and one transaction; larger ones hold locks for longer and gain nothing.
_LARGEST_GROUP = 100


@dataclass(slots=True)
class _Slip:
    """One waiting request. ``turn`` is set when it is published, or when it is its turn to publish."""

    report: Report
    turn: threading.Event = field(default_factory=threading.Event)
    published: bool = False
    error: BaseException | None = None


class Outlet:
    """Hands reports to the broker in groups. A request returns only when its own report is there.

    The first request to come publishes at once; those that come meanwhile wait, and one of them then publishes
    for all. Alone, a request waits for nobody.
    """

    def __init__(self, publish: Callable[[Sequence[Report]], None]) -> None:
        self._publish = publish
        self._lock = threading.Lock()
        self._waiting: list[_Slip] = []
        self._busy = False

    def submit(self, report: Report) -> None:
        """Return once the broker has the report; raises what publishing its group raised."""
        slip = _Slip(report)
        if not self._is_first(slip):
            slip.turn.wait()
        if not slip.published:
            self._publish_group()
        if slip.error is not None:
            raise slip.error

    def _is_first(self, slip: _Slip) -> bool:
        with self._lock:
            self._waiting.append(slip)
            first = not self._busy
            self._busy = True
        return first

    def _publish_group(self) -> None:
        with self._lock:
            group, self._waiting = self._waiting[:_LARGEST_GROUP], self._waiting[_LARGEST_GROUP:]
        error = self._attempt([slip.report for slip in group])
        for slip in group:
            slip.published, slip.error = True, error
            slip.turn.set()
        self._hand_over()

    def _attempt(self, reports: Sequence[Report]) -> BaseException | None:
        try:
            self._publish(reports)
        except BaseException as error:  # noqa: BLE001 - each waiting request raises it on its own thread
            return error
        return None

    def _hand_over(self) -> None:
        """Give the turn to the first of those who came meanwhile."""
        with self._lock:
            self._busy = bool(self._waiting)
            heir = self._waiting[0] if self._waiting else None
        if heir is not None:
            heir.turn.set()
