"""Looks into the queues of a Redis broker without taking anything out."""

import base64
import json
from dataclasses import dataclass
from typing import Any

from redis import Redis

from messaging_pipeline.queues import Queue


@dataclass(frozen=True)
class QueuedTask:
    """One task as it lies in the broker; ``text`` is all of it, decoded, to look for what must not be there."""

    name: str
    arguments: dict[str, Any]
    text: str


def queued(redis_url: str, queue: Queue) -> list[QueuedTask]:
    """The tasks of a queue, the oldest first."""
    with Redis.from_url(redis_url) as broker:
        envelopes = [json.loads(raw) for raw in broker.lrange(queue.value, 0, -1)]
    return [_task(envelope) for envelope in reversed(envelopes)]


def task_in(redis_url: str, queue: str) -> QueuedTask:
    """The one task of a queue that is not the pipeline's."""
    with Redis.from_url(redis_url) as broker:
        (raw,) = broker.lrange(queue, 0, -1)
    return _task(json.loads(raw))


def all_queued(redis_url: str) -> dict[str, int]:
    """How many tasks lie in each queue that holds any."""
    counts = {queue.value: len(queued(redis_url, queue)) for queue in Queue}
    return {name: count for name, count in counts.items() if count}


def _task(envelope: dict[str, Any]) -> QueuedTask:
    body = base64.b64decode(envelope["body"]).decode()
    positional, named, _ = json.loads(body)
    assert positional == []
    return QueuedTask(envelope["headers"]["task"], named, json.dumps({**envelope, "body": body}, ensure_ascii=False))
