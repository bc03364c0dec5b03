"""The demonstration stays away from servers that real messages live on."""

import pytest

from messaging_pipeline.errors import InvalidSettings, NotReachable
from messaging_pipeline.stack.demo.ground import refuse_real_ground
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.support.factories import a_send


def test_a_database_with_real_messages_is_refused(runtime: WorkerRuntime, database_url: str) -> None:
    runtime.base.accepting.accept(a_send())
    with pytest.raises(InvalidSettings) as refusal:
        refuse_real_ground({"DATABASE_URL": database_url})
    assert refusal.value.setting == "DATABASE_URL"


def test_a_database_that_only_saw_demonstrations_will_do(runtime: WorkerRuntime, database_url: str) -> None:
    runtime.base.accepting.accept(a_send(idempotency_key="demo-0123:2"))
    reply = runtime.base.accepting.accept(a_send(idempotency_key="ticket:SM1"))
    with runtime.base.pool.connection() as connection:
        connection.execute("update messages set service = 'demo-desk' where id = %s", [reply])
    runtime.from_broker.send(a_send(to="12"), "a task")
    refuse_real_ground({"DATABASE_URL": database_url, "REDIS_URL": "redis://127.0.0.1:9/0"})


def test_an_empty_database_and_no_servers_at_all_will_do(empty_database_url: str) -> None:
    refuse_real_ground({"DATABASE_URL": empty_database_url})
    refuse_real_ground({})


@pytest.mark.parametrize("name", ["REDIS_URL", "CELERY_BROKER_URL"])
def test_a_broker_without_its_database_is_refused(name: str) -> None:
    with pytest.raises(InvalidSettings) as refusal:
        refuse_real_ground({name: "redis://127.0.0.1:9/0"})
    assert refusal.value.setting == name


def test_a_database_that_is_away_is_named() -> None:
    with pytest.raises(NotReachable, match="DATABASE_URL"):
        refuse_real_ground({"DATABASE_URL": "postgresql://127.0.0.1:9/nowhere"})
