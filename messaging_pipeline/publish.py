"""Publishes tasks by name: the only module of the library that knows Celery, and the broker's settings for everyone."""

import math
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

from celery import Celery
from kombu import Connection, Exchange
from kombu import Queue as KombuQueue
from kombu.exceptions import OperationalError

from messaging_pipeline.errors import NotReachable, NotTried
from messaging_pipeline.queues import QUEUE_OF, Queue, Task
from messaging_pipeline.traces.spans import headers

Standing = Literal["quorum", "other", "missing", "plain"]

_THE_BROKER = ("the broker", "CELERY_BROKER_URL")

#: What AMQP calls a queue that does not exist, and one that was declared with other properties.
_NOT_FOUND, _PRECONDITION_FAILED = 404, 406

#: Workers that die give their tasks back after this long (Redis only). One value for every client of the broker:
#: the shortest wins. Longer than the longest task, which is bounded by the timeouts of its outside calls.
_VISIBILITY_TIMEOUT_SECONDS = 300
_SOCKET_TIMEOUT_SECONDS = 2
#: RabbitMQ answers when a majority of its nodes have a task on disk, and a queue may have to be made first.
_CONFIRM_SECONDS = 4
#: A publish that failed after at least this long did not find a closed door, but somebody who does not answer.
_HUNG_AFTER_SECONDS = 1.0
MOST_WAITING = 500
"""A queue in which so many tasks wait has room for no more that can as well be published later."""

#: How long nobody tries again then. Otherwise everybody who comes meanwhile waits as long, one behind the other.
_QUIET_SECONDS = 1.0


def make_celery(name: str, broker_url: str, *, pool_limit: int = 32) -> Celery:
    """Make a Celery application with the settings that everybody who touches the broker must share."""
    celery = Celery(name, broker=broker_url, set_as_current=False)
    celery.conf.update(
        task_queues=_queues(broker_url),
        task_create_missing_queues=False,
        task_default_queue=Queue.MAINTENANCE.value,
        task_routes={task.value: {"queue": queue.value} for task, queue in QUEUE_OF.items()},
        task_ignore_result=True,
        task_acks_late=True,
        task_acks_on_failure_or_timeout=True,
        task_reject_on_worker_lost=True,
        task_serializer="json",
        accept_content=["json"],
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_send_task_events=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_connection_timeout=_SOCKET_TIMEOUT_SECONDS,
        broker_pool_limit=pool_limit,
        broker_pool_acquire_timeout=5,
        broker_transport_options=_transport_options(broker_url),
        task_publish_retry_policy={"max_retries": 1, "interval_start": 0, "interval_step": 0.05, "interval_max": 0.05},
        enable_utc=True,
    )
    return celery


def _queues(broker_url: str) -> list[KombuQueue]:
    """The queues, each with a direct exchange: to those Celery publishes without a binding, by the queue's name.

    A binding is a key that a wiped Redis has lost; kombu then throws published tasks away without a word.
    """
    quorum = {"x-queue-type": "quorum"} if _is_rabbitmq(broker_url) else None
    return [
        KombuQueue(queue.value, Exchange(queue.value, type="direct"), routing_key=queue.value, queue_arguments=quorum)
        for queue in Queue
    ]


def _transport_options(broker_url: str) -> dict[str, Any]:
    if _is_rabbitmq(broker_url):
        return {"confirm_publish": True}
    return {
        "visibility_timeout": _VISIBILITY_TIMEOUT_SECONDS,
        "unacked_restore_throttle": 1,
        "socket_timeout": _SOCKET_TIMEOUT_SECONDS,
        "socket_connect_timeout": _SOCKET_TIMEOUT_SECONDS,
        "socket_keepalive": True,
        "health_check_interval": 10,
    }


def _is_rabbitmq(broker_url: str) -> bool:
    return broker_url.startswith(("amqp://", "amqps://", "pyamqp://"))


class Publisher:
    """Hands tasks to the broker. Safe to share between threads."""

    def __init__(
        self, broker_url: str, *, pool_limit: int = 32, monotonic_seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._now = monotonic_seconds
        self._celery = make_celery("messaging-pipeline-publisher", broker_url, pool_limit=pool_limit)
        if _is_rabbitmq(broker_url):
            # A worker waits for its next task on such a connection; only a publisher may lose patience.
            patience = {"read_timeout": _CONFIRM_SECONDS, "write_timeout": _CONFIRM_SECONDS}
            self._celery.conf.broker_transport_options.update(patience)
        self._failures = _failures(self._celery)
        self._quiet_until = -math.inf

    def publish(self, task: Task, arguments: Mapping[str, Any], task_id: str | None = None) -> None:
        """Publish a task and return once the broker has it.

        Raises NotReachable when it cannot be reached within a few seconds; the task may have arrived even then. Raises
        NotTried, which is one, at once when somebody has waited in vain within the last second.
        """
        self._try(lambda: self._send(task.value, arguments, task_id))

    def publish_to_others(self, name: str, queue: str, arguments: Mapping[str, Any], task_id: str) -> None:
        """Publish a task for workers that are not ours, to a queue that is theirs and that they have declared.

        Raises NotReachable as ``publish`` does.
        """
        theirs = KombuQueue(queue, Exchange(""), routing_key=queue)
        self._try(lambda: self._send(name, arguments, task_id, queue=theirs, declare=[]))

    def _try(self, send: Callable[[], None]) -> None:
        began = self._now()
        if began < self._quiet_until:
            raise NotTried(*_THE_BROKER)
        try:
            send()
        except self._failures:
            failed = self._now()
            if failed - began >= _HUNG_AFTER_SECONDS:
                self._quiet_until = failed + _QUIET_SECONDS
            raise _away() from None

    def _send(self, name: str, arguments: Mapping[str, Any], task_id: str | None, **options: Any) -> None:
        with self._celery.producer_or_acquire() as producer:
            try:
                self._celery.send_task(
                    name,
                    kwargs=dict(arguments),
                    task_id=task_id,
                    producer=producer,
                    ignore_result=True,
                    argsrepr="()",  # what Celery would otherwise spell out for logs holds numbers and bodies
                    kwargsrepr="{}",
                    headers=headers(),
                    **options,
                )
            except BaseException:
                # RabbitMQ's late word on this task would be taken for its word on the next one.
                producer.connection.collect()
                raise

    def is_reachable(self) -> bool:
        """Tell whether the broker answers, within a few seconds."""
        try:
            with self._celery.connection_for_write() as connection:
                connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=3)
        except self._failures:
            return False
        return True

    def has_room(self, queue: Queue) -> bool:
        """Tell whether few enough tasks wait in a queue for one more that is no news; False if nobody answers."""
        try:
            with self._celery.connection_for_write() as connection:
                return _waiting(connection, queue.value) < MOST_WAITING
        except self._failures:
            return False

    def waiting_in(self, queue: str) -> int:
        """Count the tasks that wait in a queue of anybody's; none when there is no such queue. Raises NotReachable."""
        try:
            with self._celery.connection_for_write() as connection:
                return _waiting(connection, queue)
        except self._failures:
            raise _away() from None

    def standing_of(self, queue: Queue) -> Standing:
        """Tell what a queue is: at RabbitMQ ``quorum`` as it should be, ``other``, or ``missing``; else ``plain``.

        Makes nothing: to declare what is there already changes nothing. Raises NotReachable.
        """
        if not _is_rabbitmq(str(self._celery.conf.broker_url)):
            return "plain"
        wanted = next(one for one in self._celery.conf.task_queues if one.name == queue.value)
        try:
            with self._celery.connection_for_write() as connection:
                if not _declares(connection, wanted, passive=True):
                    return "missing"
                return "quorum" if _declares(connection, wanted, passive=False) else "other"
        except self._failures:
            raise _away() from None

    def close(self) -> None:
        """Close the connections to the broker."""
        self._celery.close()


def _declares(connection: Connection, queue: KombuQueue, *, passive: bool) -> bool:
    """Declare a queue, or only look for it; False when there is none, or one that is declared otherwise."""
    try:
        queue(connection.channel()).queue_declare(passive=passive)
    except connection.channel_errors as refusal:
        if getattr(refusal, "code", None) in {_NOT_FOUND, _PRECONDITION_FAILED}:
            return False
        raise
    return True


def _waiting(connection: Connection, queue: str) -> int:
    """Count the tasks that no worker has taken; none in a queue that nobody has made, or that is empty in a Redis."""
    try:
        return int(connection.channel().queue_declare(queue=queue, passive=True).message_count)
    except connection.channel_errors as refusal:
        if str(getattr(refusal, "reply_code", None)) == str(_NOT_FOUND):  # text, where Redis is the broker
            return 0
        raise


def _failures(celery: Celery) -> tuple[type[BaseException], ...]:
    """What the broker's client raises when it is away, or there and unwilling: full, read-only, a password changed."""
    with celery.connection_for_write() as connection:  # made, not connected
        return (OperationalError, OSError, *connection.connection_errors, *connection.channel_errors)


def _away() -> NotReachable:
    return NotReachable(*_THE_BROKER)
