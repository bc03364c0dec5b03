"""Lines to Twilio: each is one of the requests that an account may have under way at once, where that is limited."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from uuid import uuid4

from redis import Redis, RedisError

from messaging_pipeline.configuration import Configuration
from messaging_pipeline.ids import TenantKey
from messaging_pipeline.pacing.slots import Slots
from messaging_pipeline.services.board import ServiceBoard

#: Longer than the longest request and the time between two renewals together.
LEASE_SECONDS = 20.0
_RENEW_AFTER_SECONDS = 5.0


def slots_of_accounts(redis: Redis, configuration: Configuration) -> dict[TenantKey, Slots]:
    """Return the slots of each account whose concurrency is limited."""
    return {
        TenantKey(key): Slots(redis, f"account:{key}", tenant.api_concurrency, LEASE_SECONDS)
        for key, tenant in configuration.tenants.items()
        if tenant.api_concurrency is not None
    }


def verify_slots(redis: Redis, configuration: Configuration) -> dict[TenantKey, Slots]:
    """Return the slots of each tenant whose requests to Verify are limited; they are no requests for messages."""
    return {
        TenantKey(key): Slots(redis, f"verify:{key}", tenant.verify_concurrency, LEASE_SECONDS)
        for key, tenant in configuration.tenants.items()
        if tenant.verify_concurrency is not None
    }


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of all accounts; one that is not limited always has another."""

    slots: Mapping[TenantKey, Slots]
    configuration: Configuration
    board: ServiceBoard

    def one_of(self, tenant: TenantKey) -> "Line":
        """Return a line, held for the length of a ``with`` block unless all are taken."""
        slots = self.slots.get(tenant)
        return Line.free() if slots is None else Line(slots, self._capacity(tenant))

    def _capacity(self, tenant: TenantKey) -> int:
        """What is configured, times what the account has left of its pace."""
        configured = self.configuration.tenants[tenant].api_concurrency or 1
        return max(1, math.floor(configured * self.board.account_factor(tenant)))


@dataclass(slots=True)
class Line:
    """One line; ``wait_seconds`` is how long it may take until there is one, when all are taken."""

    slots: Slots | None
    capacity: int
    held: bool = field(default=False, init=False)
    wait_seconds: float = field(default=0.0, init=False)
    _holder: str = field(default_factory=lambda: uuid4().hex, init=False)
    _renewed_at: float = field(default=0.0, init=False)

    @classmethod
    def free(cls) -> Self:
        """Return a line of an account that is not limited."""
        return cls(None, 0)

    def is_held(self) -> bool:
        """Renew the line if it is time for that; False when it is ours no more, or may not be: then send nothing."""
        if self.slots is None or not self.held:
            return self.held
        now = time.monotonic()
        if now - self._renewed_at > _RENEW_AFTER_SECONDS:
            self.held = now - self._renewed_at < LEASE_SECONDS and self._keeps(self.slots)
            self._renewed_at = now
        return self.held

    def _keeps(self, slots: Slots) -> bool:
        try:
            return slots.keep(self._holder)
        except RedisError:
            return False

    def __enter__(self) -> Self:
        self._renewed_at = time.monotonic()
        if self.slots is None:
            self.held = True
        else:
            taken = self.slots.take(self._holder, self.capacity)
            self.held, self.wait_seconds = taken.held, taken.wait_seconds
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.slots is None or not self.held:
            return
        try:
            self.slots.give_back(self._holder)
        except RedisError:
            self.held = False  # its lease runs out by itself
