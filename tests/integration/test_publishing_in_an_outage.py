"""The publisher and its Redis: away, hung, full, and back; it keeps no connection that leads nowhere."""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from redis import Redis

from messaging_pipeline.errors import NotReachable
from messaging_pipeline.publish import Publisher
from messaging_pipeline.queues import Queue, Task
from messaging_pipeline.stack.embedded import Valkey, start_valkey
from tests.support.queued import queued
from tests.support.waiting import eventually


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    """A server that a test may treat as it likes."""
    with start_valkey(tmp_path / "valkey") as server:
        yield server


@pytest.fixture
def publisher(valkey: Valkey) -> Iterator[Publisher]:
    """A publisher that has published before, and holds a connection."""
    with closing(Publisher(valkey.url)) as it:
        it.publish(Task.SWEEP, {})
        yield it


def is_published(publisher: Publisher) -> bool:
    try:
        publisher.publish(Task.SWEEP, {})
    except NotReachable:
        return False
    return True


def test_the_first_publish_after_a_restart_succeeds(valkey: Valkey, publisher: Publisher) -> None:
    valkey.crash()
    shutil.rmtree(valkey.data / "appendonlydir")
    valkey.start_again()
    publisher.publish(Task.SWEEP, {})
    assert len(queued(valkey.url, Queue.MAINTENANCE)) == 1


def test_a_redis_that_is_away_is_not_reachable_until_it_is_back(valkey: Valkey, publisher: Publisher) -> None:
    valkey.crash()
    assert not publisher.is_reachable()
    assert not is_published(publisher)
    valkey.start_again()
    assert publisher.is_reachable()
    assert is_published(publisher)


def test_a_redis_that_hangs_is_not_reachable_until_it_goes_on(valkey: Valkey, publisher: Publisher) -> None:
    os.kill(valkey.pid, signal.SIGSTOP)
    try:
        assert not is_published(publisher)
        assert not publisher.is_reachable()
    finally:
        os.kill(valkey.pid, signal.SIGCONT)
    assert eventually(lambda: is_published(publisher), "a publish")


def test_a_redis_that_is_full_is_not_reachable_until_there_is_room(valkey: Valkey, publisher: Publisher) -> None:
    with Redis.from_url(valkey.url) as client:
        client.config_set("maxmemory", 1)
        assert not is_published(publisher)
        client.config_set("maxmemory", 0)
    assert is_published(publisher)
