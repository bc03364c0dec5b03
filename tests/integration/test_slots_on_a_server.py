"""Slots on a real Redis or Valkey: the same sentences, and real concurrency."""

import threading
from collections import Counter

import pytest

from messaging_pipeline.pacing.slots import Slots
from tests.support.paced_redis import client_of, real_redis
from tests.support.slots_behaviour import LONG_SECONDS, SlotsBehaviour, some_slots


@pytest.fixture
def paced(redis_url):
    with real_redis(redis_url) as redis:
        yield redis


class TestOnAServer(SlotsBehaviour):
    """Everything that holds on any Redis."""


def test_eight_workers_at_once_are_never_more_at_work_than_there_are_slots(paced, redis_url):
    capacity, workers, turns = 3, 8, 60
    shared = some_slots(paced, capacity)
    lock, at_work, seen = threading.Lock(), set(), Counter()

    def work(name):
        with client_of(redis_url) as client:
            slots = Slots(client, "acme", capacity, LONG_SECONDS)
            for _ in range(turns):
                if not slots.take(name):
                    continue
                with lock:
                    at_work.add(name)
                    seen[len(at_work)] += 1
                slots.keep(name)
                with lock:
                    at_work.discard(name)
                slots.give_back(name)

    threads = [threading.Thread(target=work, args=(f"worker {number}",)) for number in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen
    assert max(seen) <= capacity
    assert shared.in_use() == 0
