"""The question by which KEDA scales the deliver workers, asked of a real Postgres."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.services import steer
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.support.cluster_files import of_kind
from tests.support.delivering import DEFAULT
from tests.support.factories import a_send

LATE = timedelta(minutes=5)


@pytest.fixture
def clock() -> ManualClock:
    """The database's own clock tells how late a message is, so messages come five real minutes ago."""
    return ManualClock(datetime.now(UTC) - LATE)


def seconds_late(database_url: str) -> int:
    (trigger,) = of_kind("ScaledObject")["worker-deliver"]["spec"]["triggers"]
    with psycopg.connect(database_url) as connection:
        (row,) = connection.execute(trigger["metadata"]["query"]).fetchall()
    (answer,) = row
    assert isinstance(answer, int)  # KEDA reads nothing else
    return answer


def test_it_tells_how_late_the_oldest_message_is_that_could_leave(runtime: WorkerRuntime, database_url: str) -> None:
    assert seconds_late(database_url) == 0
    runtime.base.accepting.accept(a_send(send_at=datetime.now(UTC) + timedelta(days=1)))
    assert seconds_late(database_url) == 0
    runtime.base.accepting.accept(a_send())
    assert seconds_late(database_url) >= LATE.total_seconds()


def test_a_paused_service_is_no_reason_for_more_workers(runtime: WorkerRuntime, database_url: str) -> None:
    runtime.base.accepting.accept(a_send())
    steer.pause(runtime.base.pool, DEFAULT, runtime.base.clock.now())
    assert seconds_late(database_url) == 0
