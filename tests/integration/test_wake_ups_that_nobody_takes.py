"""Wake-ups that nobody takes: while the workers of a queue are away, the sweep does not fill the broker."""

import pytest
from redis import Redis

from messaging_pipeline.publish import MOST_WAITING
from messaging_pipeline.queues import Queue
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.simulators import RuntimeMaker
from tests.support.falling import EMAIL, told, with_plan
from tests.support.handled import STATUS_BY_PYTHON, write

LANDLINE = 30006


def fill(redis_url: str, queue: Queue, count: int) -> None:
    """Put tasks into a queue; what they are matters to nobody here."""
    with Redis.from_url(redis_url) as broker:
        broker.delete(queue.value)
        if count:
            broker.lpush(queue.value, *["{}"] * count)


def waiting(redis_url: str, queue: Queue) -> int:
    with Redis.from_url(redis_url) as broker:
        return broker.llen(queue.value)


@pytest.mark.parametrize(("there", "more"), [(0, 1), (MOST_WAITING - 1, 1), (MOST_WAITING, 0)])
def test_a_fallback_step_is_woken_unless_very_many_tasks_wait(
    runtime: WorkerRuntime, redis_url: str, there: int, more: int
) -> None:
    told(runtime, with_plan(runtime, EMAIL), "undelivered", LANDLINE)
    fill(redis_url, Queue.FALLBACK, there)
    runtime.sweep.run()
    assert waiting(redis_url, Queue.FALLBACK) == there + more


@pytest.mark.parametrize(("there", "more"), [(0, 1), (MOST_WAITING, 0)])
def test_a_keywords_call_is_woken_unless_very_many_tasks_wait(
    make_runtime: RuntimeMaker, redis_url: str, there: int, more: int
) -> None:
    runtime = make_runtime(STATUS_BY_PYTHON)
    write(runtime, 1, "STATUS 4711")
    fill(redis_url, Queue.INBOUND, there)
    runtime.sweep.run()
    assert waiting(redis_url, Queue.INBOUND) == there + more
