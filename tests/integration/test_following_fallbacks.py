"""A failure that a callback reports starts the message's fallback: once, and not for those who want silence."""

from uuid import UUID

import pytest
from cryptography.fernet import Fernet

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.messages.state_machine import Status
from messaging_pipeline.queues import Queue
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.support.factories import worker_runtime
from tests.support.followed import report, shown, standing, under_way
from tests.support.queued import queued

PLAN = [{"channel": "email", "to": "guest@example.com"}]


def a_message_with_a_plan(runtime: WorkerRuntime) -> UUID:
    (attempt,) = under_way(runtime, fallback=PLAN)
    return attempt.message.id


def steps(runtime: WorkerRuntime, message_id: UUID) -> list[tuple[int, str, str, str]]:
    return [
        (step["number"], step["channel"], step["state"], step["cause"])
        for step in shown(runtime, message_id)["fallback"]
    ]


def woken(redis_url: str) -> list[dict]:
    return [task.arguments for task in queued(redis_url, Queue.FALLBACK)]


@pytest.mark.parametrize("status", ["failed", "undelivered"])
def test_a_failure_starts_the_fallback_and_wakes_a_worker(runtime: WorkerRuntime, redis_url: str, status: str) -> None:
    message_id = a_message_with_a_plan(runtime)
    runtime.following.apply([report(message_id, status, error_code=30005)])
    assert steps(runtime, message_id) == [(1, "email", "waiting", status)]
    assert woken(redis_url) == [{"message_id": str(message_id), "number": 1}]


def test_however_often_and_variously_a_failure_is_told_there_is_one_step(
    runtime: WorkerRuntime, redis_url: str
) -> None:
    message_id = a_message_with_a_plan(runtime)
    told = [("undelivered", 30006), ("undelivered", 30006), ("undelivered", 30005), ("failed", 30008), ("failed", None)]
    for status, error_code in told:
        runtime.following.apply([report(message_id, status, error_code=error_code)])
    runtime.following.apply([report(message_id, status, error_code=error_code) for status, error_code in told])
    assert steps(runtime, message_id) == [(1, "email", "waiting", "undelivered")]
    assert len(woken(redis_url)) == 1


def test_each_failed_message_of_a_batch_gets_its_step(runtime: WorkerRuntime, redis_url: str) -> None:
    ids = [attempt.message.id for attempt in under_way(runtime, 3, fallback=PLAN)]
    runtime.following.apply([report(one, "failed") for one in ids])
    assert [steps(runtime, one) for one in ids] == [[(1, "email", "waiting", "failed")]] * 3
    assert sorted(task["message_id"] for task in woken(redis_url)) == sorted(str(one) for one in ids)


def test_a_failure_without_a_plan_starts_nothing(runtime: WorkerRuntime, redis_url: str) -> None:
    (attempt,) = under_way(runtime)
    runtime.following.apply([report(attempt.message.id, "failed")])
    assert steps(runtime, attempt.message.id) == []
    assert woken(redis_url) == []


def test_an_opt_out_starts_no_fallback_for_the_person_asked_for_silence(runtime: WorkerRuntime, redis_url: str) -> None:
    message_id = a_message_with_a_plan(runtime)
    runtime.following.apply([report(message_id, "failed", error_code=21610)])
    assert standing(runtime, message_id).status is Status.SUPPRESSED
    assert steps(runtime, message_id) == []
    assert woken(redis_url) == []


def test_a_message_that_arrived_after_all_within_the_batch_needs_no_fallback(runtime: WorkerRuntime) -> None:
    message_id = a_message_with_a_plan(runtime)
    runtime.following.apply([report(message_id, "undelivered"), report(message_id, "delivered")])
    assert steps(runtime, message_id) == []


def test_a_failure_that_comes_after_the_arrival_starts_nothing(runtime: WorkerRuntime) -> None:
    message_id = a_message_with_a_plan(runtime)
    runtime.following.apply([report(message_id, "delivered")])
    runtime.following.apply([report(message_id, "undelivered")])
    assert steps(runtime, message_id) == []


def test_a_plan_that_no_key_opens_costs_the_other_messages_nothing(
    runtime: WorkerRuntime, database_url: str, redis_url: str, clock: ManualClock
) -> None:
    sealed, plain = a_message_with_a_plan(runtime), under_way(runtime)[0].message.id
    another_key = Fernet.generate_key().decode()
    with worker_runtime(
        clock, DATABASE_URL=database_url, REDIS_URL=redis_url, MESSAGING_ENCRYPTION_KEYS=another_key
    ) as without_the_key:
        without_the_key.following.apply([report(sealed, "failed"), report(plain, "delivered")])
    assert standing(runtime, plain).status is Status.DELIVERED


def test_a_broker_that_is_away_does_not_undo_what_was_reported(
    runtime: WorkerRuntime, database_url: str, redis_url: str, clock: ManualClock
) -> None:
    message_id = a_message_with_a_plan(runtime)
    with worker_runtime(
        clock, DATABASE_URL=database_url, REDIS_URL=redis_url, CELERY_BROKER_URL="redis://127.0.0.1:9/0"
    ) as cut_off:
        cut_off.following.apply([report(message_id, "failed")])
    assert steps(runtime, message_id) == [(1, "email", "waiting", "failed")]
    runtime.sweep.run()
    assert woken(redis_url) == [{"message_id": str(message_id), "number": 1}]
