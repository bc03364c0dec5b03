"""Somebody else's worker: takes the tasks that fallback plans send to a queue of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty
from typing import Any

from kombu import Connection
from kombu.simple import SimpleQueue

_PATIENCE_SECONDS = 30.0


class Shop:
    """A queue that is there before the first task is sent to it, as RabbitMQ needs, and gone afterwards."""

    def __init__(self, queue: SimpleQueue) -> None:
        self._queue = queue

    def task_about(self, message_id: str) -> str | None:
        """Take tasks until one is about this message and return its name; None when none comes."""
        try:
            while True:
                task = self._queue.get(timeout=_PATIENCE_SECONDS)
                task.ack()
                if _arguments(task.payload).get("message_id") == message_id:
                    return str(task.headers["task"])
        except Empty:
            return None


@contextmanager
def shop(broker_url: str, queue: str) -> Iterator[Shop]:
    """Consume a queue while inside."""
    with Connection(broker_url) as connection:
        tasks = connection.SimpleQueue(queue)
        try:
            yield Shop(tasks)
        finally:
            tasks.queue.delete()
            tasks.close()


def _arguments(payload: Any) -> dict[str, Any]:
    """A task's payload is its arguments, its keyword arguments and what is embedded."""
    return dict(payload[1])
