"""What a message that has not left waits for, as people are told it: its service, its time, a worker, its turn."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from redis.exceptions import RedisError

from messaging_pipeline.clock import Clock
from messaging_pipeline.configuration import Configuration
from messaging_pipeline.db.pool import Pool
from messaging_pipeline.db.queries import sql
from messaging_pipeline.ids import ServiceKey
from messaging_pipeline.messages.state_machine import Status
from messaging_pipeline.services.board import ServiceBoard
from messaging_pipeline.waking.wake_ups import WakeUps

#: Beyond this many nobody counts on: a queue of millions must not make a look at one message slow.
_MOST_COUNTED = 10_000
#: Workers look at what is due within seconds; what is overdue for so long, with nothing before it, has nobody.
_SHOULD_HAVE_LEFT = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Tells what holds a message up; reads, and changes nothing."""

    pool: Pool
    configuration: Configuration
    clock: Clock
    board: ServiceBoard
    wake_ups: WakeUps

    def told(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """Return a message, as it is read for people, with ``waits``: a sentence, or None when nothing holds it up."""
        return {**message, "waits": self._reason(message) if message["status"] == Status.PENDING else None}

    def _reason(self, message: Mapping[str, Any]) -> str | None:
        return (
            self._of_the_service(ServiceKey(message["service"]))
            or _of_the_time(message, self.clock.now())
            or self._of_the_turn(message)
        )

    def _of_the_service(self, service: ServiceKey) -> str | None:
        if service not in self.configuration.services:
            return f"messaging.toml declares no service {service!r}; declare it and restart the workers"
        standing = self.board.standing(service)
        if not standing.sending:
            why = f" ({standing.reason})" if standing.reason else ""
            return f"the service is {standing.state}{why}; messaging-pipeline services resume {service}"
        if self._is_disowned(service):
            cure = "restart the workers with a messaging.toml that declares it"
            return f"a worker does not know the service {service!r}; {cure}"
        return None

    def _is_disowned(self, service: ServiceKey) -> bool:
        with suppress(RedisError):  # a look at a message needs Postgres alone
            return self.wake_ups.is_disowned(service)
        return False

    def _of_the_turn(self, message: Mapping[str, Any]) -> str | None:
        before = self._count_before(message)
        if before:
            many = f"{before:,}" if before < _MOST_COUNTED else f"{_MOST_COUNTED:,} or more"
            return f"for its turn: {many} message(s) of the service go before it"
        if self.clock.now() - message["due_at"] >= _SHOULD_HAVE_LEFT:
            return "for a worker: none is before it; see that workers run, and that no daily cap is reached"
        return None

    def _count_before(self, message: Mapping[str, Any]) -> int:
        names = ("id", "service", "priority", "due_at")
        key = {**{name: message[name] for name in names}, "now": self.clock.now(), "most": _MOST_COUNTED}
        with self.pool.connection() as connection:
            row = connection.execute(sql("count_before"), key).fetchone()
        return int(row[0]) if row else 0


def _of_the_time(message: Mapping[str, Any], now: datetime) -> str | None:
    if message["waits_for"] is not None:
        return f"until message {message['waits_for']} has left, which is before it in its sequence"
    due_at: datetime = message["due_at"]
    return f"until {due_at:%Y-%m-%d %H:%M:%S} UTC" if due_at > now else None
