"""A broker that answers nobody: told soon, and not waited for by everybody in turn."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest

from messaging_pipeline.errors import NotReachable
from messaging_pipeline.fallback.by_celery import ByCelery
from messaging_pipeline.publish import Publisher
from messaging_pipeline.queues import Task
from tests.support.leaving import leaving


class ClosingBroker:
    """Takes connections, counts them, and hangs up."""

    def __init__(self) -> None:
        self.visits = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"
        threading.Thread(target=self._hang_up, daemon=True).start()

    def _hang_up(self) -> None:
        with suppress(OSError):
            while True:
                visitor, _ = self._listener.accept()
                self.visits += 1
                visitor.close()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def broker() -> Iterator[ClosingBroker]:
    with closing(ClosingBroker()) as it:
        yield it


def publish_at(broker: ClosingBroker, publishes: int, *seconds: float) -> list[int]:
    """Publish so often, each time in vain; return how often the broker had been called by then.

    A publish looks at the clock before and after, unless it does not even try.
    """
    clock = iter(seconds)
    visits = []
    with closing(Publisher(broker.url, monotonic_seconds=lambda: next(clock))) as publisher:
        for _ in range(publishes):
            with pytest.raises(NotReachable, match="CELERY_BROKER_URL"):
                publisher.publish(Task.SWEEP, {})
            visits.append(broker.visits)
    return visits


def test_after_a_long_wait_in_vain_nobody_tries_for_a_second(broker: ClosingBroker) -> None:
    before, quiet, after = publish_at(broker, 3, 0.0, 2.0, 2.9, 3.1, 3.1)
    assert 0 < before == quiet < after


def test_a_closed_door_costs_nothing_and_is_tried_every_time(broker: ClosingBroker) -> None:
    first, second = publish_at(broker, 2, 0.0, 0.1, 0.2, 0.3)
    assert 0 < first < second


def test_a_step_that_nobody_even_tried_to_publish_is_not_in_doubt(broker: ClosingBroker) -> None:
    clock = iter((0.0, 2.0, 2.9))
    step = leaving({"channel": "celery", "task": "shop.call_back", "queue": "shop"})
    with closing(Publisher(broker.url, monotonic_seconds=lambda: next(clock))) as publisher:
        assert [ByCelery(publisher).send(step).state for _ in range(2)] == ["unconfirmed", "not_sent"]
