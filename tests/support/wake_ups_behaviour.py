"""What wake-ups do on any Redis; the fake one and a real server are held to the same sentences."""

import pytest

from messaging_pipeline.ids import ServiceKey
from messaging_pipeline.waking.wake_ups import MAX_WAIT_SECONDS, WakeUps
from tests.support.paced_redis import PacedRedis

ALERTS, MARKETING = ServiceKey("alerts"), ServiceKey("marketing")
AN_HOUR = 3_600
A_MOMENT = 0.02


class Broker:
    """Takes wake-ups down, or refuses them while it is away."""

    def __init__(self) -> None:
        self.queued: list[ServiceKey] = []
        self.away = False

    def publish(self, service: ServiceKey) -> None:
        if self.away:
            raise BrokerAwayError
        self.queued.append(service)


class BrokerAwayError(Exception):
    pass


class WakeUpsBehaviour:
    """Inherit from it and offer a fixture ``paced``."""

    @pytest.fixture
    def broker(self):
        return Broker()

    @pytest.fixture
    def wakeups(self, paced: PacedRedis, broker):
        return WakeUps(paced.redis, broker.publish)

    def test_a_service_is_woken(self, wakeups, broker):
        wakeups.wake(MARKETING)
        assert broker.queued == [MARKETING]

    def test_one_wake_up_in_the_queue_is_enough(self, wakeups, broker):
        for _ in range(5):
            wakeups.wake(MARKETING)
        assert broker.queued == [MARKETING]

    def test_each_service_has_its_own_wake_up(self, wakeups, broker):
        wakeups.wake(MARKETING)
        wakeups.wake(ALERTS)
        assert broker.queued == [MARKETING, ALERTS]

    def test_once_a_task_has_begun_the_next_message_gets_a_new_wake_up(self, wakeups, broker):
        wakeups.wake(MARKETING)
        wakeups.begin(MARKETING)
        wakeups.wake(MARKETING)
        assert broker.queued == [MARKETING, MARKETING]

    def test_a_task_that_nobody_announced_may_begin(self, wakeups, broker):
        wakeups.begin(MARKETING)
        assert broker.queued == []

    def test_a_wake_up_that_was_not_queued_fails_as_the_broker_did(self, wakeups, broker):
        broker.away = True
        with pytest.raises(BrokerAwayError):
            wakeups.wake(MARKETING)

    def test_a_wake_up_that_was_not_queued_does_not_stand_in_the_way_of_the_next(self, wakeups, broker):
        broker.away = True
        with pytest.raises(BrokerAwayError):
            wakeups.wake(MARKETING)
        broker.away = False
        wakeups.wake(MARKETING)
        assert broker.queued == [MARKETING]

    def test_an_alarm_rings_when_its_time_has_come(self, wakeups, broker, paced):
        wakeups.wake_later(MARKETING, A_MOMENT)
        for _ in range(1_000):
            if broker.queued:
                break
            paced.time.wait(wakeups.ring())
        assert broker.queued == [MARKETING]

    def test_an_alarm_does_not_ring_before(self, wakeups, broker):
        wakeups.wake_later(MARKETING, AN_HOUR)
        wakeups.ring()
        assert broker.queued == []

    @pytest.mark.parametrize("delay_seconds", [0, -0.5, -AN_HOUR])
    def test_an_alarm_for_a_moment_that_has_passed_rings_at_once(self, wakeups, broker, delay_seconds):
        wakeups.wake_later(MARKETING, delay_seconds)
        wakeups.ring()
        assert broker.queued == [MARKETING]

    def test_an_alarm_rings_once(self, wakeups, broker):
        wakeups.wake_later(MARKETING, 0)
        wakeups.ring()
        wakeups.begin(MARKETING)
        wakeups.ring()
        assert broker.queued == [MARKETING]

    def test_a_later_alarm_does_not_put_off_an_earlier_one(self, wakeups, broker):
        wakeups.wake_later(MARKETING, 0)
        wakeups.wake_later(MARKETING, AN_HOUR)
        wakeups.ring()
        assert broker.queued == [MARKETING]

    def test_an_earlier_alarm_takes_the_place_of_a_later_one(self, wakeups, broker, paced):
        wakeups.wake_later(MARKETING, AN_HOUR)
        wakeups.wake_later(MARKETING, 0)
        wakeups.ring()
        wakeups.begin(MARKETING)
        assert broker.queued == [MARKETING]
        assert paced.redis.dbsize() == 0

    def test_an_alarm_for_a_service_about_to_be_served_adds_nothing(self, wakeups, broker):
        wakeups.wake(MARKETING)
        wakeups.wake_later(MARKETING, 0)
        wakeups.ring()
        assert broker.queued == [MARKETING]

    def test_without_alarms_the_next_look_is_a_tenth_of_a_second_away(self, wakeups):
        assert wakeups.ring() == MAX_WAIT_SECONDS == 0.1

    def test_the_next_look_comes_before_a_far_alarm_since_a_nearer_one_may_be_set(self, wakeups):
        wakeups.wake_later(MARKETING, AN_HOUR)
        assert wakeups.ring() == MAX_WAIT_SECONDS

    def test_more_than_a_hundred_alarms_ring_in_turns_without_a_wait(self, wakeups, broker, paced):
        services = [ServiceKey(f"service-{number:03}") for number in range(130)]
        for service in services:
            wakeups.wake_later(service, 0)
        paced.time.wait(A_MOMENT)
        waits = [wakeups.ring(), wakeups.ring()]
        assert waits == [0.0, MAX_WAIT_SECONDS]
        assert sorted(broker.queued) == services

    def test_a_client_that_decodes_answers_may_ring(self, paced, broker):
        with paced.another_client(decode_responses=True) as client:
            wakeups = WakeUps(client, broker.publish)
            wakeups.wake_later(MARKETING, 0)
            wakeups.ring()
        assert broker.queued == [MARKETING]
