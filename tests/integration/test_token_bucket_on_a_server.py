"""The token bucket on a real Redis or Valkey: the same sentences, and real concurrency."""

import threading
import time

import pytest

from messaging_pipeline.pacing.token_bucket import TokenBucket
from tests.support.paced_redis import client_of, real_redis
from tests.support.rate_bound import Use, most_above_rate, spilled
from tests.support.token_bucket_behaviour import TokenBucketBehaviour


@pytest.fixture
def paced(redis_url):
    with real_redis(redis_url) as redis:
        yield redis


class TestOnAServer(TokenBucketBehaviour):
    """Everything that holds on any Redis."""


def test_eight_workers_at_once_neither_beat_the_rate_nor_waste_it(paced, redis_url):
    rate, burst, workers, seconds = 500, 50, 8, 2.0
    opened = TokenBucket(paced.redis, "marketing", rate, burst).take(1).at_microseconds
    uses: list[Use] = []

    def work(appetite):
        deadline = time.monotonic() + seconds
        with client_of(redis_url) as client:
            bucket = TokenBucket(client, "marketing", rate, burst)
            while time.monotonic() < deadline:
                grant = bucket.take(appetite)
                uses.append(Use(grant.at_microseconds, grant.granted))
                paced.time.wait(grant.wait_seconds)

    threads = [threading.Thread(target=work, args=(1 + 3 * number,)) for number in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    last = TokenBucket(paced.redis, "marketing", rate, burst).take(burst)
    uses.append(Use(last.at_microseconds, last.granted))

    there_were = (last.at_microseconds - opened) / 1_000_000 * rate
    assert most_above_rate(uses, rate) <= burst + 2 * rate / 1_000_000
    assert sum(use.tokens for use in uses) >= 0.99 * (there_were - spilled(uses, rate, burst, opened)) - 1
