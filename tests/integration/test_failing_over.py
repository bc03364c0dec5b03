"""A server that was the primary, or is none yet: nothing is taken for done, and the next one is found."""

from uuid import uuid4

import psycopg
import pytest
from celery.exceptions import Reject
from psycopg.sql import SQL, Identifier

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.db.migrate import migrate
from tests.plugins.services import NewDatabase
from tests.support.commands import run_command
from tests.support.consenting import NUMBER
from tests.support.factories import a_send, environment, worker_runtime
from workers import boundary
from workers.boundary import bounded

READ_ONLY = SQL("alter database {} set default_transaction_read_only = on")
WRITABLE = SQL("alter database {} reset default_transaction_read_only")


def turn(database_url: str, statement: SQL) -> None:
    """Let whoever connects from now on find a replica, or the primary again."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("set default_transaction_read_only = off")
        connection.execute(statement.format(Identifier(connection.info.dbname)))


@pytest.fixture
def replica(new_database: NewDatabase) -> str:
    url = new_database()
    migrate(url)
    turn(url, READ_ONLY)
    return url


def test_a_send_that_met_a_replica_goes_back_to_the_broker_and_the_primary_is_found(
    replica: str, redis_url: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failed task would be acknowledged, and the broker has the only copy of the message."""
    message_id = str(uuid4())
    with worker_runtime(clock, DATABASE_URL=replica, REDIS_URL=redis_url) as runtime:
        send = bounded(lambda: runtime.from_broker.send(a_send(), message_id))
        with monkeypatch.context() as hurried:
            hurried.setattr(boundary, "_PATIENCE_SECONDS", 0.0)
            with pytest.raises(Reject) as given_back:
                send()
        assert given_back.value.requeue
        turn(replica, WRITABLE)
        send()
        with runtime.base.pool.connection() as connection:
            assert connection.execute("select id::text from messages").fetchall() == [(message_id,)]


def test_a_send_that_a_missing_grant_keeps_out_goes_back_to_the_broker(
    new_database: NewDatabase, redis_url: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody mends it sooner or later; until then the message is nowhere else."""
    url = new_database()
    migrate(url)
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("grant all on all tables in schema public to pg_monitor")
        owner.execute("revoke insert on messages from pg_monitor")
        turn(url, SQL("alter database {} set role = 'pg_monitor'"))
        monkeypatch.setattr(boundary, "_PATIENCE_SECONDS", 0.0)
        with worker_runtime(clock, DATABASE_URL=url, REDIS_URL=redis_url) as runtime:
            send = bounded(lambda: runtime.from_broker.send(a_send(), str(uuid4())))
            with pytest.raises(Reject):
                send()
            owner.execute("grant insert on messages to pg_monitor")
            send()
        assert owner.execute("select count(*) from messages").fetchone() == (1,)


def test_an_operator_is_told_that_the_primary_was_not_reached(replica: str, redis_url: str) -> None:
    given = environment(DATABASE_URL=replica, REDIS_URL=redis_url)
    refused = run_command(given, "optouts", "add", NUMBER, "--all-services")
    assert (refused.code, refused.out) == (3, "")
    assert refused.err.startswith("messaging-pipeline: DATABASE_URL: is a replica")
