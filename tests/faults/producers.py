"""The producers: hand messages over by Celery and by ``Pipeline`` until each one is certainly accepted."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg_pool import PoolTimeout

from messaging_pipeline import Pipeline
from messaging_pipeline.errors import NotAllowed, NotFound, NotReachable
from messaging_pipeline.publish import Publisher
from messaging_pipeline.queues import Task
from messaging_pipeline.settings import Settings
from tests.faults.orders import Order
from tests.faults.records import Owed

_PASSING = (psycopg.OperationalError, PoolTimeout, NotReachable)
_PAUSE_SECONDS = 0.4
_LOOKS_EVERY_SECONDS = 2.0
#: A task that has left no row after this long was lost with the broker, or waits there: it is handed over again.
_AGAIN_AFTER_SECONDS = 8.0


@dataclass(slots=True)
class Producers:
    """One thread for each way in, one that withdraws, and one that looks whether what Celery took has arrived."""

    settings: Settings
    database_url: str
    orders: Sequence[Order]
    refused: Counter[str] = field(default_factory=Counter)
    again: int = 0
    _canceled_at: dict[str, float] = field(default_factory=dict)
    _given_at: dict[str, float] = field(default_factory=dict)
    _arguments: dict[str, dict[str, Any]] = field(default_factory=dict)
    _confirmed: set[str] = field(default_factory=set)
    _threads: list[threading.Thread] = field(default_factory=list)
    _began: float = 0.0
    _stop: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        """Begin; the seconds of the orders count from now."""
        self._began = time.monotonic()
        for target in (self._by_pipeline, self._by_celery, self._look_for_tasks, self._withdraw):
            thread = threading.Thread(target=target, name=target.__name__, daemon=True)
            thread.start()
            self._threads.append(thread)

    def handed_over(self) -> int:
        """Count what is confirmed."""
        return len(self._confirmed)

    def finish(self, within_seconds: float) -> None:
        """Return when everything is confirmed, or that much time has passed."""
        deadline = time.monotonic() + within_seconds
        while len(self._confirmed) < len(self.orders) and time.monotonic() < deadline:
            time.sleep(0.2)
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def owed(self) -> list[Owed]:
        """Return what was handed over, confirmed."""
        return [
            Owed(
                one.id,
                one.kind,
                one.arguments["service"],
                one.arguments["to"],
                one.rests_at,
                self._canceled_at.get(one.id),
            )
            for one in self.orders
            if one.id in self._confirmed
        ]

    def _by_pipeline(self) -> None:
        with Pipeline(self.settings) as pipeline:
            for order in self._in_time([one for one in self.orders if one.by == "pipeline"]):
                self._until_it_works(lambda order=order: pipeline.send(**self._spelled_out(order)))
                self._confirmed.add(order.id)

    def _by_celery(self) -> None:
        publisher = Publisher(self.settings.broker_url)
        for order in self._in_time([one for one in self.orders if one.by == "celery"]):
            self._publish(publisher, order.id, _as_json(self._spelled_out(order)))
        publisher.close()

    def _publish(self, publisher: Publisher, message_id: str, arguments: dict[str, Any]) -> None:
        self._arguments[message_id] = arguments
        self._until_it_works(lambda: publisher.publish(Task.SEND, arguments, task_id=message_id))
        self._given_at[message_id] = time.monotonic()

    def _look_for_tasks(self) -> None:
        """A task that the broker took is no promise yet; the row is."""
        publisher = Publisher(self.settings.broker_url)
        while not self._stop.wait(_LOOKS_EVERY_SECONDS):
            waiting = [one for one in list(self._given_at) if one not in self._confirmed]
            self._confirmed.update(self._present(waiting))
            for message_id in waiting:
                overdue = time.monotonic() - self._given_at[message_id] > _AGAIN_AFTER_SECONDS
                if overdue and message_id not in self._confirmed and not self._stop.is_set():
                    self.again += 1
                    self._publish(publisher, message_id, self._arguments[message_id])
        publisher.close()

    def _present(self, message_ids: Sequence[str]) -> list[str]:
        try:
            with psycopg.connect(self.database_url, connect_timeout=5) as connection:
                statement = "select id::text from messages where id = any(%s::uuid[])"
                return [row[0] for row in connection.execute(statement, (list(message_ids),)).fetchall()]
        except psycopg.OperationalError:
            return []

    def _withdraw(self) -> None:
        canceling = sorted((one for one in self.orders if one.cancel_after is not None), key=_cancel_at)
        with Pipeline(self.settings) as pipeline:
            for order in canceling:
                self._wait_until(_cancel_at(order))
                if self._until_it_works(lambda order=order: self._cancel(pipeline, order)):
                    self._canceled_at[order.id] = time.time()

    def _cancel(self, pipeline: Pipeline, order: Order) -> bool:
        try:
            pipeline.cancel(order.id)
        except (NotAllowed, NotFound):
            return False
        return True

    def _in_time(self, orders: Sequence[Order]) -> Any:
        for order in sorted(orders, key=lambda one: one.at):
            self._wait_until(order.at)
            yield order

    def _wait_until(self, second: float) -> None:
        self._stop.wait(max(0.0, self._began + second - time.monotonic()))

    def _until_it_works(self, what: Callable[[], Any]) -> Any:
        while not self._stop.is_set():
            try:
                return what()
            except _PASSING as error:
                self.refused[type(error).__name__] += 1
                self._stop.wait(_PAUSE_SECONDS)
        return None

    def _spelled_out(self, order: Order) -> dict[str, Any]:
        now = datetime.now(UTC)
        times = {"expires_at": order.expires_in, "send_at": order.send_in}
        return {
            **order.arguments,
            **{name: now + timedelta(seconds=ahead) for name, ahead in times.items() if ahead is not None},
        }


def _cancel_at(order: Order) -> float:
    return order.at + (order.cancel_after or 0.0)


def _as_json(arguments: dict[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in arguments.items()}
