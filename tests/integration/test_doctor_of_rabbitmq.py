"""The doctor tells RabbitMQ's queues apart: as they should be, of another kind, or not there."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from kombu import Connection

from messaging_pipeline.errors import NotReachable
from messaging_pipeline.publish import MOST_WAITING, Publisher
from messaging_pipeline.queues import Queue, Task


@pytest.fixture
def publisher(empty_rabbitmq_url: str) -> Iterator[Publisher]:
    it = Publisher(empty_rabbitmq_url)
    yield it
    it.close()


def test_queues_are_told_apart_and_none_is_made(publisher: Publisher, empty_rabbitmq_url: str) -> None:
    publisher.publish(Task.APPLY_STATUSES, {"reports": []})
    with Connection(empty_rabbitmq_url) as connection:
        connection.default_channel.queue_declare(Queue.INBOUND.value, durable=True, auto_delete=False)
    for _ in range(2):
        assert publisher.standing_of(Queue.STATUS) == "quorum"
        assert publisher.standing_of(Queue.INBOUND) == "other"
        assert publisher.standing_of(Queue.FALLBACK) == "missing"


def test_a_broker_that_is_away_is_said_to_be() -> None:
    publisher = Publisher("amqp://127.0.0.1:9//")
    with pytest.raises(NotReachable):
        publisher.standing_of(Queue.STATUS)
    with pytest.raises(NotReachable):
        publisher.waiting_in("celery")
    publisher.close()


def test_what_waits_in_a_queue_of_others_is_counted_and_none_is_made(
    publisher: Publisher, empty_rabbitmq_url: str
) -> None:
    assert [publisher.waiting_in("celery"), publisher.waiting_in("celery")] == [0, 0]
    with Connection(empty_rabbitmq_url) as connection:
        connection.default_channel.queue_declare("celery", durable=True, auto_delete=False)
    publisher.publish_to_others("messaging.send", "celery", {}, str(uuid4()))
    assert publisher.waiting_in("celery") == 1


def test_a_queue_has_room_until_very_many_tasks_wait_in_it(publisher: Publisher) -> None:
    assert publisher.has_room(Queue.MAINTENANCE)
    for _ in range(MOST_WAITING):
        publisher.publish(Task.SWEEP, {})
    assert not publisher.has_room(Queue.MAINTENANCE)
    assert publisher.has_room(Queue.ACCEPT)


def test_a_broker_that_is_away_has_room_for_nothing() -> None:
    publisher = Publisher("amqp://127.0.0.1:9//")
    assert not publisher.has_room(Queue.ACCEPT)
    publisher.close()
