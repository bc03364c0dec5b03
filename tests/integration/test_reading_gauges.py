"""Gauges tell what the database and Redis hold, whichever process did it; what cannot be read is not shown."""

from datetime import timedelta

import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.db.pool import in_transaction
from messaging_pipeline.ids import ServiceKey
from messaging_pipeline.pacing.token_bucket import Buckets
from messaging_pipeline.services import steer
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.support.factories import a_send
from tests.support.followed import under_way
from tests.support.gauges import gauge, page

DEFAULT, ALERTS = ServiceKey("default"), ServiceKey("acme-alerts")


def backlog(runtime: WorkerRuntime) -> list[float | None]:
    shown = page(runtime.base)
    states = ("due", "later", "following")
    return [
        shown.get_sample_value("messaging_backlog_messages", {"service": "default", "state": state}) for state in states
    ]


def test_the_backlog_is_what_has_not_left(runtime: WorkerRuntime, clock: ManualClock) -> None:
    assert backlog(runtime) == [0, 0, 0]
    accept = runtime.base.accepting.accept
    accept(a_send(sequence="order-1", body="First."))
    accept(a_send(sequence="order-1", body="Second."))
    accept(a_send(send_at=clock.now() + timedelta(hours=1)))
    assert backlog(runtime) == [1, 1, 1]


def test_the_oldest_due_message_has_an_age(runtime: WorkerRuntime, clock: ManualClock) -> None:
    assert gauge(runtime.base, "messaging_oldest_due_seconds", service="default") == 0
    runtime.base.accepting.accept(a_send(send_at=clock.now() + timedelta(minutes=1)))
    clock.advance(90)
    runtime.base.accepting.accept(a_send(body="A younger one."))
    assert gauge(runtime.base, "messaging_oldest_due_seconds", service="default") == 30


def test_a_service_that_the_file_names_no_more_shows_what_it_left_behind(runtime: WorkerRuntime) -> None:
    runtime.base.accepting.accept(a_send())
    with runtime.base.pool.connection() as connection:
        connection.execute("update messages set service = 'of-last-year'")
    assert gauge(runtime.base, "messaging_backlog_messages", service="of-last-year", state="due") == 1
    assert gauge(runtime.base, "messaging_backlog_messages", service="default", state="due") == 0


def test_services_stand_as_was_decided_wherever_that_was(
    runtime_of_two_tenants: WorkerRuntime, clock: ManualClock
) -> None:
    base = runtime_of_two_tenants.base
    steer.pause(base.pool, ALERTS, clock.now())
    steer.set_rate(base.pool, DEFAULT, segments_per_second=9, burst=None, now=clock.now())
    in_transaction(base.pool, lambda connection: steer.slow_down(connection, [f"service:{DEFAULT}"], clock.now()))
    shown = page(base)
    value = shown.get_sample_value
    assert value("messaging_service_sending", {"service": "acme-alerts"}) == 0
    assert value("messaging_service_sending", {"service": "default"}) == 1
    assert value("messaging_services_held", {"service": "acme-alerts"}) == 0
    assert value("messaging_configured_segments_per_second", {"service": "default"}) == 9
    assert value("messaging_effective_segments_per_second", {"service": "default"}) == 4.5


def test_a_bucket_has_a_level(runtime: WorkerRuntime, clock: ManualClock) -> None:
    steer.set_rate(runtime.base.pool, DEFAULT, segments_per_second=0.001, burst=10, now=clock.now())
    bucket = Buckets(runtime.base.redis).bucket(DEFAULT, 0.001, 10)
    runtime.base.redis.delete("mp:pacing:default")
    bucket.take(1)  # one that was never used is empty
    level = gauge(runtime.base, "messaging_bucket_level_segments", service="default")
    assert level == pytest.approx(0, abs=0.1)


def test_doubt_is_counted_from_when_a_worker_has_died(runtime: WorkerRuntime, clock: ManualClock) -> None:
    under_way(runtime)
    assert gauge(runtime.base, "messaging_unconfirmed_messages", service="default") == 0
    clock.advance(61)
    runtime.sweep.run()
    assert gauge(runtime.base, "messaging_unconfirmed_messages", service="default") == 1


def test_what_beat_starts_is_shown_with_the_time_of_its_last_end(runtime: WorkerRuntime, clock: ManualClock) -> None:
    duties = runtime.base.gauges.duties
    assert gauge(runtime.base, "messaging_duty_finished_timestamp_seconds", duty="sweep") is None
    duties.do("sweep", runtime.sweep.run)
    first = clock.now().timestamp()
    clock.advance(5)
    with pytest.raises(ZeroDivisionError):
        duties.do("sweep", lambda: 1 / 0)
    assert gauge(runtime.base, "messaging_duty_finished_timestamp_seconds", duty="sweep") == first


def test_while_the_database_is_away_nothing_is_shown_of_it_but_since_when(runtime: WorkerRuntime) -> None:
    runtime.base.pool.close()
    shown = page(runtime.base)
    assert shown.get_sample_value("messaging_backlog_messages", {"service": "default", "state": "due"}) is None
    assert shown.get_sample_value("messaging_gauges_read_timestamp_seconds", {"source": "database"}) == 0
