"""Many workers follow the same messages at once: nobody deadlocks, nothing is lost, nothing is told twice."""

import random
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from uuid import uuid4

import psycopg
import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.deliver.attempts import Attempt
from messaging_pipeline.follow.apply_evidence import Evidence
from messaging_pipeline.messages.state_machine import Standing, Status
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.support import racing
from tests.support.factories import worker_runtime
from tests.support.followed import answered, heard, nameless, replayed, report, shown, sid_of, standing, under_way

THREADS = 8
MESSAGES = 50
WORDS = ("queued", "sent", "undelivered", "delivered")
PATIENCE_SECONDS = 60


@pytest.fixture
def busy_runtime(database_url: str, redis_url: str, clock: ManualClock) -> Iterator[WorkerRuntime]:
    """A worker with as many connections as this module has threads."""
    with worker_runtime(clock, threads=THREADS, DATABASE_URL=database_url, REDIS_URL=redis_url) as runtime:
        yield runtime


@pytest.fixture
def observer(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


def deadlocks(observer: psycopg.Connection, runtime: WorkerRuntime) -> int:
    """The deadlocks that Postgres broke in this database; known once its connections are closed."""
    runtime.base.pool.close()
    return racing.deadlocks(observer)


def shuffled_batches(told: list[Evidence], seed: int) -> list[list[Evidence]]:
    """Every report once, in an order of this thread's own, in batches of up to twenty."""
    mine = told[:]
    random.Random(seed).shuffle(mine)
    return [mine[start : start + 20] for start in range(0, len(mine), 20)]


def test_overlapping_batches_lose_nothing_and_tell_nothing_twice(
    busy_runtime: WorkerRuntime, observer: psycopg.Connection
) -> None:
    runtime = busy_runtime
    ids = [attempt.message.id for attempt in under_way(runtime, MESSAGES)]
    told = [report(message_id, word) for message_id in ids for word in WORDS]

    def worker(seed: int) -> None:
        for batch in shuffled_batches(told, seed):
            runtime.following.apply(batch)

    racing.at_once([lambda seed=seed: worker(seed) for seed in range(THREADS)])

    for message_id in ids:
        assert standing(runtime, message_id) == Standing(Status.DELIVERED, sid_of(message_id))
        assert sorted(line[0] for line in heard(runtime, message_id)) == sorted(WORDS)
        assert replayed(runtime, message_id) == standing(runtime, message_id)
    assert deadlocks(observer, runtime) == 0


def test_batches_that_keep_the_same_unknown_callbacks_in_opposite_orders_do_not_deadlock(
    busy_runtime: WorkerRuntime, database_url: str, observer: psycopg.Connection
) -> None:
    runtime = busy_runtime
    first, middle, last = sorted((nameless(uuid4(), "sent") for _ in range(3)), key=lambda one: one.sid)
    with ThreadPoolExecutor(2) as threads:
        with psycopg.connect(database_url) as gate:
            gate.execute(
                "insert into unmatched_callbacks (tenant, sid, status, received_at)"
                " values ('default', %s, 'sent', now())",
                [middle.sid],
            )
            one_way = threads.submit(runtime.following.apply, [first, middle, last])
            racing.wait_for_waiters(observer, 1)
            other_way = threads.submit(runtime.following.apply, [last, middle, first])
            racing.wait_for_waiters(observer, 2)
            gate.rollback()
        one_way.result()
        other_way.result()
    assert observer.execute("select count(*) from unmatched_callbacks").fetchone() == (3,)
    assert deadlocks(observer, runtime) == 0


def test_answers_and_callbacks_of_the_same_messages_at_once_end_where_they_should(busy_runtime: WorkerRuntime) -> None:
    runtime = busy_runtime
    open_attempts = under_way(runtime, 24)

    def hear(half: int) -> None:
        for attempt in open_attempts:
            runtime.following.apply([report(attempt.message.id, word) for word in WORDS[half : half + 2]])

    def answer(every: int) -> None:
        for attempt in open_attempts[every::2]:
            answered(runtime, attempt)

    racing.at_once([lambda: hear(0), lambda: hear(2), lambda: answer(0), lambda: answer(1)])

    for attempt in open_attempts:
        message_id = attempt.message.id
        assert standing(runtime, message_id) == Standing(Status.DELIVERED, sid_of(message_id))
        assert replayed(runtime, message_id) == standing(runtime, message_id)


def test_an_answer_and_a_callback_that_meet_do_not_deadlock(
    busy_runtime: WorkerRuntime, database_url: str, observer: psycopg.Connection
) -> None:
    runtime = busy_runtime
    (attempt,) = under_way(runtime)
    with ThreadPoolExecutor(2) as threads:
        callback, answer = line_up(threads, runtime, attempt, database_url, observer)
    callback.result()
    answer.result()
    message = shown(runtime, attempt.message.id)
    assert (message["status"], message["sid"]) == ("sent", sid_of(attempt.message.id))
    assert [(one["outcome"], one["http_status"]) for one in message["attempts"]] == [("accepted", 201)]
    assert deadlocks(observer, runtime) == 0


def line_up(
    threads: ThreadPoolExecutor,
    runtime: WorkerRuntime,
    attempt: Attempt,
    database_url: str,
    observer: psycopg.Connection,
) -> tuple[Future[object], Future[object]]:
    """Let a callback, then the answer, stand in line for the message's row; then open the gate."""
    message_id = attempt.message.id
    with psycopg.connect(database_url) as gate:
        gate.execute("select from messages where id = %s for update", [message_id])
        callback = threads.submit(runtime.following.apply, [report(message_id, "sent")])
        racing.wait_for_waiters(observer, 1)
        answer = threads.submit(answered, runtime, attempt)
        racing.wait_for_waiters(observer, 2)
        gate.rollback()
    return callback, answer
