"""Shows how many messages wait at which gate, now and then: a night's backlog is not counted every few seconds."""

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from messaging_pipeline.clock import Clock
from messaging_pipeline.db.pool import Pool
from messaging_pipeline.db.queries import sql
from messaging_pipeline.metrics import record_waiting_at_gates

_EVERY = timedelta(seconds=30)


@dataclass(slots=True)
class WaitingAtGates:
    """Counts at most twice a minute in this process; part of the sweep."""

    pool: Pool
    clock: Clock
    _next_at: datetime | None = field(default=None, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def show(self) -> None:
        """Count, unless that was done a moment ago."""
        if not self._is_time():
            return
        with self.pool.connection() as connection:
            rows = connection.execute(sql("count_at_gates")).fetchall()
        record_waiting_at_gates({(service, gate): count for service, gate, count in rows})

    def _is_time(self) -> bool:
        now = self.clock.now()
        with self._lock:
            if self._next_at is not None and now < self._next_at:
                return False
            self._next_at = now + _EVERY
            return True
