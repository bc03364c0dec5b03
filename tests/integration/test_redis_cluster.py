"""On a real cluster, which refuses every command whose keys are not on one node: buckets, slots, wake-ups, answers."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from tenacity import retry, retry_if_result, stop_after_delay, wait_fixed

from messaging_pipeline.answering.loop_guard import LoopGuard
from messaging_pipeline.clock import ManualClock
from messaging_pipeline.ids import E164, ServiceKey
from messaging_pipeline.keywords.hearing import Heard
from messaging_pipeline.pacing.slots import Slots
from messaging_pipeline.pacing.token_bucket import MAX_RATE_PER_SECOND, MIN_RATE_PER_SECOND, Buckets, TokenBucket
from messaging_pipeline.redis_client import open_redis
from messaging_pipeline.sealing import Sealer
from messaging_pipeline.stack.embedded import start_valkey
from messaging_pipeline.stack.ports import free_port
from messaging_pipeline.waking.wake_ups import WakeUps
from tests.support.factories import ENCRYPTION_KEY, RECIPIENT

SERVICES = [ServiceKey(name) for name in ("default", "alerts", "marketing", "codes", "acme:alerts")]
"""Enough names that their keys lie in different slots."""


@pytest.fixture(scope="module")
def cluster_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster of one node that has all slots: it holds commands to the same rules as one of many."""
    folder: Path = tmp_path_factory.mktemp("cluster")
    settings = {"cluster-enabled": "yes", "cluster-port": str(free_port())}
    with start_valkey(folder, settings=settings) as server, Redis.from_url(server.url) as node:
        node.execute_command("CLUSTER ADDSLOTSRANGE", 0, 16383)
        _until_it_is_whole(node)
        yield server.url.replace("redis://", "redis+cluster://")


@retry(retry=retry_if_result(lambda whole: not whole), stop=stop_after_delay(60), wait=wait_fixed(0.02))
def _until_it_is_whole(node: Redis) -> bool:
    return bool(node.execute_command("CLUSTER INFO")["cluster_state"] == "ok")


@pytest.fixture
def redis(cluster_url: str) -> Iterator[Redis]:
    with open_redis(cluster_url) as redis:
        redis.flushall()
        yield redis


def test_every_service_has_its_bucket(redis: Redis) -> None:
    buckets = Buckets(redis)
    for service in SERVICES:
        buckets.bucket(service, MAX_RATE_PER_SECOND, 10).take(1)  # the first one opens it
        _until_full(buckets.bucket(service, MAX_RATE_PER_SECOND, 10))
        as_good_as_frozen = buckets.bucket(service, MIN_RATE_PER_SECOND, 10)
        grant = as_good_as_frozen.take(4)
        as_good_as_frozen.give_back(2, grant)
        assert (grant.granted, round(as_good_as_frozen.level())) == (4, 8)


@retry(retry=retry_if_result(lambda full: not full), stop=stop_after_delay(60), wait=wait_fixed(0.002))
def _until_full(bucket: TokenBucket) -> bool:
    return bucket.level() >= 10


def test_slots_are_taken_kept_and_given_back(redis: Redis) -> None:
    slots = Slots(redis, "account:default", 1, 0.1)
    _until_taken(slots)
    assert not slots.take("you")
    assert slots.give_back("me")


@retry(retry=retry_if_result(lambda taken: not taken), stop=stop_after_delay(60), wait=wait_fixed(0.02))
def _until_taken(slots: Slots) -> bool:
    """A new memory grants nothing for the length of a lease."""
    return bool(slots.take("me"))


def test_services_are_woken_now_and_later(redis: Redis) -> None:
    woken: list[ServiceKey] = []
    wake_ups = WakeUps(redis, woken.append)
    for service in SERVICES:
        wake_ups.wake(service)
        wake_ups.wake(service)
        wake_ups.begin(service)
        wake_ups.wake_later(service, 0)
    wake_ups.ring()
    assert sorted(woken) == sorted(SERVICES * 2)


def test_answers_are_counted(redis: Redis, clock: ManualClock) -> None:
    guard = LoopGuard.of(redis, Sealer([ENCRYPTION_KEY]), clock)
    heard = Heard(
        tenant="default",
        number=E164(RECIPIENT),
        service="default",
        kind=None,
        word=None,
        every_service=False,
        everywhere=False,
        flag=None,
        answer="Hello",
        most_answers=2,
        most_answers_seconds=60,
    )
    assert [guard.lets_pass(heard, sid) for sid in ("SM1", "SM2", "SM3", "SM1")] == [True, True, False, True]


def test_the_doctor_gets_its_answers(redis: Redis) -> None:
    assert "redis_version" in redis.info()
    seconds, microseconds = redis.time()
    assert seconds > 0 <= microseconds
