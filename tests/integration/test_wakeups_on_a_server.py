"""Wake-ups on a real Redis or Valkey: the same sentences, and real concurrency."""

import queue
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from messaging_pipeline.ids import ServiceKey
from messaging_pipeline.waking.alarm_clock import AlarmClock
from messaging_pipeline.waking.wake_ups import WakeUps
from tests.support.paced_redis import client_of, real_redis
from tests.support.wake_ups_behaviour import MARKETING, Broker, WakeUpsBehaviour

PATIENCE_SECONDS = 60


@pytest.fixture
def paced(redis_url):
    with real_redis(redis_url) as redis:
        yield redis


class TestOnAServer(WakeUpsBehaviour):
    """Everything that holds on any Redis."""


def test_an_alarm_goes_to_one_of_many_that_ring(paced, redis_url):
    broker = Broker()
    services = [ServiceKey(f"service-{number:03}") for number in range(300)]
    for service in services:
        WakeUps(paced.redis, broker.publish).wake_later(service, 0)

    def ring_and_begin(_number):
        def publish(service):
            broker.publish(service)
            wakeups.begin(service)  # without its flag, a second ring of the alarm would be seen

        with client_of(redis_url) as client:
            wakeups = WakeUps(client, publish)
            while wakeups.ring() == 0.0:
                pass

    with ThreadPoolExecutor(4) as ringers:
        list(ringers.map(ring_and_begin, range(4)))
    assert sorted(broker.queued) == services


def test_no_row_is_overlooked_however_many_write_and_wake(paced, redis_url):
    rows, seen = set(), set()
    broker = queue.Queue()

    def write_and_wake(writer):
        with client_of(redis_url) as client:
            wakeups = WakeUps(client, broker.put)
            for number in range(100):
                rows.add((writer, number))
                wakeups.wake(MARKETING)

    def serve():
        with client_of(redis_url) as client:
            wakeups = WakeUps(client, broker.put)
            while (service := broker.get(timeout=PATIENCE_SECONDS)) is not None:
                wakeups.begin(service)
                seen.update(rows.copy())

    with ThreadPoolExecutor(6) as people:
        servers = [people.submit(serve) for _ in range(2)]
        for writer in [people.submit(write_and_wake, number) for number in range(4)]:
            writer.result()
        for _ in servers:
            broker.put(None)
        for server in servers:
            server.result()
    assert seen == rows == {(writer, number) for writer in range(4) for number in range(100)}


def test_the_alarm_clock_wakes_a_service_in_time(paced):
    broker, stop = queue.Queue(), threading.Event()
    wakeups = WakeUps(paced.redis, broker.put)
    thread = AlarmClock(wakeups, stop).start()
    wakeups.wake_later(MARKETING, 0.05)
    assert broker.get(timeout=PATIENCE_SECONDS) == MARKETING
    stop.set()
    thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()
