"""A wake-up that may fail: the row is committed already, and the sweep wakes what nobody else did."""

import logging
import math
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from redis.exceptions import RedisError

from messaging_pipeline.errors import NotReachable
from messaging_pipeline.ids import ServiceKey
from messaging_pipeline.metrics import record_lost_wake_up
from messaging_pipeline.waking.wake_ups import WakeUps

_log = logging.getLogger(__name__)

#: After a failure, how long nobody tries again: a broker that hangs must not slow down every accept.
_QUIET_SECONDS = 1.0


@dataclass(slots=True)
class Bell:
    """Rings for workers, and forgives a broker that is away."""

    wake_ups: WakeUps
    monotonic: Callable[[], float] = time.monotonic  # the host's clock may be set back, and nobody would ring till then
    _quiet_until: float = field(default=-math.inf, init=False)

    def ring(self, service: ServiceKey) -> None:
        """Wake the service's workers if the broker and Redis are there; otherwise leave it to the sweep."""
        self._try(service, lambda: self.wake_ups.wake(service))

    def ring_later(self, service: ServiceKey, delay_seconds: float) -> None:
        """Set the service's alarm if Redis is there; otherwise leave it to the sweep."""
        self._try(service, lambda: self.wake_ups.wake_later(service, delay_seconds))

    def disown(self, service: ServiceKey) -> None:
        """Say, if Redis is there, that messages wait of a service that nobody here knows."""
        with suppress(RedisError):
            self.wake_ups.disown(service)

    def _try(self, service: ServiceKey, wake: Callable[[], None]) -> None:
        if self.monotonic() < self._quiet_until:
            record_lost_wake_up()
            return
        try:
            wake()
        except (NotReachable, RedisError) as error:
            # Counted from the failure, not from its beginning: who does not answer has had more than this already.
            self._quiet_until = self.monotonic() + _QUIET_SECONDS
            record_lost_wake_up()
            _log.warning("no wake-up for service %s (%s); the sweep will wake it", service, type(error).__name__)
