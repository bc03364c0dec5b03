"""A wake-up that may fail: the row is committed already, and the sweep wakes what nobody else did."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from redis.exceptions import RedisError

from messaging_pipeline.clock import Clock
from messaging_pipeline.errors import NotReachable
from messaging_pipeline.ids import ServiceKey
from messaging_pipeline.metrics import record_lost_wake_up
from messaging_pipeline.waking.wake_ups import WakeUps

_log = logging.getLogger(__name__)

#: After a failure, how long nobody tries again: a broker that hangs must not slow down every accept.
_QUIET = timedelta(seconds=1)


@dataclass(slots=True)
class Bell:
    """Rings for workers, and forgives a broker that is away."""

    wake_ups: WakeUps
    clock: Clock
    _quiet_until: datetime | None = field(default=None, init=False)

    def ring(self, service: ServiceKey) -> None:
        """Wake the service's workers if the broker and Redis are there; otherwise leave it to the sweep."""
        self._try(service, lambda: self.wake_ups.wake(service))

    def ring_later(self, service: ServiceKey, delay_seconds: float) -> None:
        """Set the service's alarm if Redis is there; otherwise leave it to the sweep."""
        self._try(service, lambda: self.wake_ups.wake_later(service, delay_seconds))

    def _try(self, service: ServiceKey, wake: Callable[[], None]) -> None:
        now = self.clock.now()
        if self._quiet_until is not None and now < self._quiet_until:
            record_lost_wake_up()
            return
        try:
            wake()
            self._quiet_until = None
        except (NotReachable, RedisError) as error:
            self._quiet_until = now + _QUIET
            record_lost_wake_up()
            _log.warning("no wake-up for service %s (%s); the sweep will wake it", service, type(error).__name__)
