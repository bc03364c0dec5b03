"""Wake-ups on a fake Redis whose time is moved by hand."""

import pytest
from redis.exceptions import ConnectionError as RedisAwayError

from messaging_pipeline.waking.wake_ups import WakeUps
from tests.support.paced_redis import fake_redis
from tests.support.wake_ups_behaviour import ALERTS, MARKETING, Broker, BrokerAwayError, WakeUpsBehaviour


@pytest.fixture
def paced():
    with fake_redis() as redis:
        yield redis


class TestOnFakeredis(WakeUpsBehaviour):
    """Everything that holds on any Redis."""


def test_a_wake_up_that_the_broker_lost_holds_back_others_for_a_second(paced):
    broker = Broker()
    wakeups = WakeUps(paced.redis, broker.publish)
    wakeups.wake(MARKETING)
    broker.queued.clear()
    paced.time.wait(0.999)
    wakeups.wake(MARKETING)
    assert broker.queued == []
    paced.time.wait(0.002)
    wakeups.wake(MARKETING)
    assert broker.queued == [MARKETING]


def test_the_time_until_the_next_alarm_is_exact(paced):
    wakeups = WakeUps(paced.redis, Broker().publish)
    wakeups.wake_later(MARKETING, 0.0375)
    assert wakeups.ring() == 0.0375


def test_an_alarm_rings_neither_early_nor_late(paced):
    broker = Broker()
    wakeups = WakeUps(paced.redis, broker.publish)
    wakeups.wake_later(MARKETING, 0.05)
    paced.time.wait(0.049_999)
    wakeups.ring()
    assert broker.queued == []
    paced.time.wait(0.000_001)
    wakeups.ring()
    assert broker.queued == [MARKETING]


def test_alarms_ring_in_the_order_of_their_times(paced):
    broker = Broker()
    wakeups = WakeUps(paced.redis, broker.publish)
    wakeups.wake_later(MARKETING, 0.02)
    wakeups.wake_later(ALERTS, 0.01)
    paced.time.wait(0.03)
    wakeups.ring()
    assert broker.queued == [ALERTS, MARKETING]


def test_alarms_that_could_not_ring_ring_a_second_later(paced):
    broker = Broker()
    wakeups = WakeUps(paced.redis, broker.publish)
    for service in (ALERTS, MARKETING):
        wakeups.wake_later(service, 0)
    broker.away = True
    with pytest.raises(BrokerAwayError):
        wakeups.ring()
    broker.away = False
    wakeups.ring()
    assert broker.queued == []
    paced.time.wait(1)
    wakeups.ring()
    assert sorted(broker.queued) == [ALERTS, MARKETING]


def test_alarms_that_have_rung_before_the_broker_went_do_not_ring_again(paced):
    def publish_and_go_away(service):
        broker.publish(service)
        broker.away = True

    broker = Broker()
    wakeups = WakeUps(paced.redis, publish_and_go_away)
    wakeups.wake_later(ALERTS, 0)
    paced.time.wait(0.01)
    wakeups.wake_later(MARKETING, 0)
    with pytest.raises(BrokerAwayError):
        wakeups.ring()
    wakeups.begin(ALERTS)
    broker.away = False
    paced.time.wait(1)
    wakeups.ring()
    assert broker.queued == [ALERTS, MARKETING]


def test_when_redis_goes_with_the_broker_the_error_is_the_brokers(paced):
    def fail_with_redis_gone(_service):
        paced.server.connected = False
        raise BrokerAwayError

    wakeups = WakeUps(paced.redis, fail_with_redis_gone)
    wakeups.wake_later(MARKETING, 0)
    with pytest.raises(BrokerAwayError):
        wakeups.ring()


def test_without_redis_a_wake_up_fails_and_is_not_published(paced):
    broker = Broker()
    paced.server.connected = False
    with pytest.raises(RedisAwayError):
        WakeUps(paced.redis, broker.publish).wake(MARKETING)
    assert broker.queued == []
