"""The alarm clock: a loop that lives through every outage and ends when it is told to."""

import logging
import threading

import pytest

from messaging_pipeline.waking.alarm_clock import OUTAGE_WAIT_SECONDS, AlarmClock
from messaging_pipeline.waking.wake_ups import MAX_WAIT_SECONDS, WakeUps
from tests.support.paced_redis import fake_redis
from tests.support.wake_ups_behaviour import MARKETING, Broker

LOGGER = "messaging_pipeline.waking.alarm_clock"


class Night(threading.Event):
    """An event that is set after some rounds; between two of them time passes and something may happen."""

    def __init__(self, time, *happenings):
        super().__init__()
        self._time = time
        self._happenings = list(happenings)
        self.waits = []

    def wait(self, timeout=None):
        self.waits.append(timeout)
        self._time.wait(timeout)
        if self._happenings:
            self._happenings.pop(0)()
        else:
            self.set()
        return self.is_set()


@pytest.fixture
def paced():
    with fake_redis() as redis:
        yield redis


@pytest.fixture
def broker():
    return Broker()


@pytest.fixture
def wakeups(paced, broker):
    return WakeUps(paced.redis, broker.publish)


def nothing():
    pass


def test_alarms_ring_on_time(paced, broker, wakeups):
    wakeups.wake_later(MARKETING, 0.25)
    night = Night(paced.time, *[nothing] * 4)
    AlarmClock(wakeups, night).run()
    assert night.waits == [0.0, MAX_WAIT_SECONDS, MAX_WAIT_SECONDS, pytest.approx(0.05), MAX_WAIT_SECONDS]
    assert broker.queued == [MARKETING]


def test_a_clock_that_was_stopped_does_not_ring(paced, broker, wakeups):
    wakeups.wake_later(MARKETING, 0)
    AlarmClock(wakeups, Night(paced.time)).run()
    assert broker.queued == []


def test_while_redis_is_away_it_tries_every_second_and_then_goes_on(paced, broker, wakeups):
    def lose_redis():
        paced.server.connected = False

    def find_redis():
        paced.server.connected = True

    wakeups.wake_later(MARKETING, 0)
    night = Night(paced.time, lose_redis, nothing, nothing, find_redis)
    AlarmClock(wakeups, night).run()
    assert night.waits == [0.0, *[OUTAGE_WAIT_SECONDS] * 3, MAX_WAIT_SECONDS]
    assert broker.queued == [MARKETING]


def test_while_the_broker_is_away_alarms_are_kept(paced, broker, wakeups):
    def lose_broker():
        broker.away = True

    def find_broker():
        broker.away = False

    wakeups.wake_later(MARKETING, 0)
    night = Night(paced.time, lose_broker, nothing, find_broker, nothing)
    AlarmClock(wakeups, night).run()
    assert broker.queued == [MARKETING]


def test_each_outage_is_reported_once_with_its_beginning_and_its_end(paced, wakeups, caplog):
    def lose_redis():
        paced.server.connected = False

    def find_redis():
        paced.server.connected = True

    outage = (lose_redis, nothing, nothing, find_redis)
    with caplog.at_level(logging.INFO, LOGGER):
        AlarmClock(wakeups, Night(paced.time, *outage, *outage)).run()
    assert [record.levelname for record in caplog.records] == ["ERROR", "INFO"] * 2


def test_its_thread_ends_when_told_and_keeps_no_process_alive(wakeups):
    stop = threading.Event()
    thread = AlarmClock(wakeups, stop).start()
    stop.set()
    thread.join(timeout=30)
    assert not thread.is_alive()
    assert thread.daemon
