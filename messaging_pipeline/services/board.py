"""The board that every worker looks at before it works for a service: may it send, may it accept, how fast?

What stands there is at most half a second old, so that a command reaches all workers within a second, and a worker
asks Postgres twice a second however much it sends. While Postgres is away the last known standing holds.
"""

import logging
import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from messaging_pipeline.clock import Clock
from messaging_pipeline.configuration import Configuration, Service
from messaging_pipeline.db.pool import UNREACHABLE, Pool
from messaging_pipeline.db.queries import sql
from messaging_pipeline.ids import ServiceKey, TenantKey
from messaging_pipeline.pacing.token_bucket import MIN_RATE_PER_SECOND
from messaging_pipeline.services.known import known_service
from messaging_pipeline.services.pace import Pace, factor_at, pace_of_account, pace_of_service

_log = logging.getLogger(__name__)

BOARD_SECONDS = 0.5
"""How old a standing may be."""

State = Literal["on", "paused", "held"]


@dataclass(frozen=True, slots=True)
class ServiceStanding:
    """How a service stands at a moment.

    ``segments_per_second`` is the rate in force: ``configured_segments_per_second``, which the file or an operator
    has set, times ``factor``, which is what service and account have left of their pace.
    """

    sending: bool
    accepting: bool
    state: State
    reason: str | None
    error_code: int | None
    segments_per_second: float
    burst: int
    configured_segments_per_second: float
    factor: float


@dataclass(frozen=True, slots=True)
class _Decisions:
    """A row of ``service_states``; without one, what the file says goes."""

    sending: State = "on"
    accepting: bool = True
    reason: str | None = None
    error_code: int | None = None
    segments_per_second: float | None = None
    burst_segments: int | None = None


_NOTHING_DECIDED = _Decisions()


@dataclass(frozen=True, slots=True)
class _Reading:
    decisions: Mapping[str, _Decisions]
    paces: Mapping[str, Pace]
    good_until: float


@dataclass(slots=True)
class ServiceBoard:
    """Tells how services stand; any number of threads may ask one board."""

    pool: Pool
    configuration: Configuration
    clock: Clock
    monotonic: Callable[[], float] = time.monotonic
    _reading: _Reading | None = field(default=None, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def standing(self, service: ServiceKey) -> ServiceStanding:
        """Return how a service stands.

        Raises InvalidInput for one that is not configured, and what Postgres raised if it was away from the start.
        """
        known_service(self.configuration, service)
        return self._standing(service, self._fresh())

    def account_factor(self, tenant: TenantKey) -> float:
        """Return what an account has left of its pace, from just above 0 to 1.0."""
        return factor_at(self._fresh().paces.get(pace_of_account(tenant)), self.clock.now())

    def forget(self) -> None:
        """Read anew when next asked, as after a change of one's own."""
        with self._lock:
            if self._reading is not None:
                self._reading = replace(self._reading, good_until=-1.0)

    def _fresh(self) -> _Reading:
        """Return a reading that is still good; one thread reads, and the others wait for it."""
        reading = self._reading
        if reading is not None and self.monotonic() < reading.good_until:
            return reading
        with self._lock:
            if self._reading is None or self.monotonic() >= self._reading.good_until:
                self._reading = self._read_or_keep(self._reading)
            return self._reading

    def _read_or_keep(self, known: _Reading | None) -> _Reading:
        began = self.monotonic()
        try:
            return self._read(good_until=began + BOARD_SECONDS)
        except UNREACHABLE:
            if known is None:
                raise
            _log.warning("Postgres is away; services stay as they were last known")
            # Counted from the failure, not from its beginning: with each thread waiting in turn nobody would work.
            return replace(known, good_until=self.monotonic() + BOARD_SECONDS)

    def _read(self, good_until: float) -> _Reading:
        decisions: dict[str, _Decisions] = {}
        paces: dict[str, Pace] = {}
        with self.pool.connection() as connection:
            rows = connection.execute(sql("standings")).fetchall()
        for service, *decided, pace, factor, lowered_at in rows:
            if service is not None:
                decisions[service] = _Decisions(*decided)
            if pace is not None:
                paces[pace] = Pace(factor, lowered_at)
        return _Reading(decisions, paces, good_until)

    def _standing(self, service: ServiceKey, reading: _Reading) -> ServiceStanding:
        configured = self.configuration.services[service]
        names = (pace_of_service(service), pace_of_account(TenantKey(configured.tenant)))
        factors = [factor_at(reading.paces.get(name), self.clock.now()) for name in names]
        return _standing(configured, reading.decisions.get(service, _NOTHING_DECIDED), math.prod(factors))


def _standing(configured: Service, decided: _Decisions, factor: float) -> ServiceStanding:
    set_rate = decided.segments_per_second or configured.segments_per_second
    # The burst does not follow the pace: a bucket that grows gives away what it grows by.
    burst = decided.burst_segments or configured.burst_segments or max(1, int(set_rate))
    return ServiceStanding(
        sending=decided.sending == "on",
        accepting=decided.accepting,
        state=decided.sending,
        reason=decided.reason,
        error_code=decided.error_code,
        segments_per_second=max(MIN_RATE_PER_SECOND, set_rate * factor),
        burst=burst,
        configured_segments_per_second=set_rate,
        factor=factor,
    )
