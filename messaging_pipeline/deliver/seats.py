"""Shares the threads of one worker between services, so that a busy one never has them all."""

from collections import Counter
from dataclasses import dataclass, field
from threading import Lock
from types import TracebackType
from typing import Self

from messaging_pipeline.ids import ServiceKey

#: One thread in four waits for a service that has none yet: what is urgent there begins at once.
_KEPT_FREE = 4


class Seats:
    """Counts the lanes of each service on this process's threads.

    With one busy service it gets three quarters of the threads; with several, each the same part of these.
    """

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._shared = max(1, threads - max(1, threads // _KEPT_FREE))
        self._lock = Lock()
        self._taken: Counter[ServiceKey] = Counter()

    def one_for(self, service: ServiceKey) -> "Seat":
        """Return a seat, taken for the length of a ``with`` block."""
        return Seat(self, service)

    def has_room_for(self, service: ServiceKey) -> bool:
        """Tell whether one more lane of the service would keep its seat."""
        with self._lock:
            return self._taken[service] < self._share()

    def somebody_may_wait(self) -> bool:
        """Tell whether every thread is taken, so that another service may be waiting for one."""
        with self._lock:
            return self._taken.total() >= self._threads

    def take(self, service: ServiceKey) -> None:
        """Count one more lane."""
        with self._lock:
            self._taken[service] += 1

    def leave(self, service: ServiceKey) -> None:
        """Count one less."""
        with self._lock:
            self._leave(service)

    def leave_if_too_many(self, service: ServiceKey) -> bool:
        """Leave if the service holds more than its share; one at a time, so that never all of them leave."""
        with self._lock:
            too_many = self._taken[service] > self._share()
            if too_many:
                self._leave(service)
            return too_many

    def _share(self) -> int:
        return max(1, self._shared // max(1, len(self._taken)))

    def _leave(self, service: ServiceKey) -> None:
        self._taken[service] -= 1
        if not self._taken[service]:
            del self._taken[service]


@dataclass(slots=True)
class Seat:
    """A lane's right to a thread, which it may lose when others come."""

    seats: Seats
    service: ServiceKey
    _taken: bool = field(default=False, init=False)

    def is_lost(self) -> bool:
        """Tell whether the lane has to end; others of its service go on."""
        if self._taken and self.seats.leave_if_too_many(self.service):
            self._taken = False
        return not self._taken

    def __enter__(self) -> Self:
        self.seats.take(self.service)
        self._taken = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._taken:
            self.seats.leave(self.service)
            self._taken = False
