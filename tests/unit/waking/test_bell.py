"""The bell: a broker that is away costs one caller its patience, and the others nothing, for a second."""

import pytest
from redis.exceptions import TimeoutError as RedisTimeout

from messaging_pipeline.errors import NotReachable
from messaging_pipeline.waking.bell import Bell
from messaging_pipeline.waking.wake_ups import WakeUps
from tests.support.metric_deltas import Counting
from tests.support.paced_redis import fake_redis
from tests.support.wake_ups_behaviour import MARKETING


class Hand:
    """A monotonic clock that a test moves."""

    def __init__(self):
        self.seconds = 1000.0

    def __call__(self):
        return self.seconds


class Broker:
    """Takes wake-ups, unless it is away; then it lets its callers wait."""

    def __init__(self, hand):
        self._hand = hand
        self.trouble = None
        self.asked = 0

    def publish(self, service):
        self.asked += 1
        if self.trouble is not None:
            self._hand.seconds += 2.0
            raise self.trouble


@pytest.fixture
def hand():
    return Hand()


@pytest.fixture
def broker(hand):
    return Broker(hand)


@pytest.fixture
def bell(hand, broker):
    with fake_redis() as paced:
        yield Bell(WakeUps(paced.redis, broker.publish), hand)


@pytest.mark.parametrize("trouble", [NotReachable("the broker", "CELERY_BROKER_URL"), RedisTimeout()])
def test_who_rings_after_a_broker_that_does_not_answer_does_not_wait_for_it_too(bell, broker, trouble):
    broker.trouble = trouble
    lost = Counting("messaging_wake_ups_lost_total")
    for _ in range(3):
        bell.ring(MARKETING)
    assert (broker.asked, lost.count) == (1, 3)


def test_it_rings_again_after_a_second_whatever_the_hosts_clock_says(bell, hand, broker):
    broker.trouble = NotReachable("the broker", "CELERY_BROKER_URL")
    bell.ring(MARKETING)
    broker.trouble = None
    hand.seconds += 1.0
    bell.ring(MARKETING)
    assert broker.asked == 2
