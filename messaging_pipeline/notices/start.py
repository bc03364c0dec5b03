"""Owes what people write to those who want to hear of it, and wakes those who tell."""

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection
from psycopg.rows import TupleRow
from redis.exceptions import RedisError

from messaging_pipeline.configuration import Configuration
from messaging_pipeline.db.queries import sql
from messaging_pipeline.errors import NotReachable
from messaging_pipeline.ids import ServiceKey
from messaging_pipeline.keywords.hearing import Heard
from messaging_pipeline.waking.wake_ups import WakeUps

WakeTellers = Callable[[Collection[str]], None]
"""Wakes a worker for each of some policies; call it after the commit. What is not heard, the sweep wakes."""


def owe_inbound(
    connection: Connection[TupleRow], configuration: Configuration, heard: Heard, sid: str, received_at: datetime
) -> list[str]:
    """Write down, with the message itself, who is to hear of it; return their policies."""
    wanted = [
        name
        for name, policy in configuration.events.items()
        if policy.inbound and policy.is_about(heard.tenant, heard.service)
    ]
    if wanted:
        values = {"tenant": heard.tenant, "sid": sid, "at": received_at, "policies": wanted}
        connection.execute(sql("owe_inbound_notices"), values)
    return wanted


@dataclass(frozen=True, slots=True)
class TellersBell:
    """Wakes who tells, at most one at a time for each policy: a wake-up that is queued serves what comes meanwhile.

    ``wake_ups`` are those of lanes, with a publisher of their own; a service's key has no slash in it.
    """

    wake_ups: WakeUps
    configuration: Configuration

    def ring(self, policies: Collection[str]) -> None:
        """Wake a worker for each policy; nobody waits for a broker or a Redis that is away."""
        with suppress(NotReachable, RedisError):
            for policy in sorted(policies):
                self.wake_ups.wake(_key(policy))

    def ring_for(self, services: Collection[ServiceKey]) -> None:
        """Wake those who may have to tell of messages that moved, by their services."""
        if not self.configuration.events:
            return
        known = self.configuration.services
        tenants = {known[service].tenant for service in services if service in known}
        self.ring({name for name, policy in self.configuration.events.items() if policy.tenant in tenants})

    def begin(self, policy: str) -> None:
        """Say that a wake-up has arrived, before looking for events."""
        with suppress(RedisError):
            self.wake_ups.begin(_key(policy))


def policy_in(key: str) -> str:
    """Return the policy that a wake-up is for."""
    return key.removeprefix(_PREFIX)


_PREFIX = "events/"


def _key(policy: str) -> ServiceKey:
    return ServiceKey(_PREFIX + policy)
