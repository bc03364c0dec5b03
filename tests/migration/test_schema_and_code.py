"""What the schema allows is what the code says: statuses, sources, and what can never stand in a row."""

import re
from collections.abc import Iterator

import psycopg
import pytest

from messaging_pipeline.messages.state_machine import Status
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.support.followed import under_way

QUOTED = re.compile(r"'([^']+)'::text")


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


def words_checked(connection: psycopg.Connection, table: str, column: str) -> set[str]:
    """The words that a CHECK constraint allows for a column."""
    rows = connection.execute(
        "select pg_get_constraintdef(oid) from pg_constraint where conrelid = %s::regclass and contype = 'c'", [table]
    ).fetchall()
    (definition,) = [text for (text,) in rows if re.match(rf"CHECK \(\({column} = ANY \(ARRAY\[", text)]
    return set(QUOTED.findall(definition))


def test_the_statuses_of_the_database_are_those_of_the_ladder(connection: psycopg.Connection) -> None:
    assert words_checked(connection, "messages", "status") == {status.value for status in Status}


def test_every_claimed_message_has_a_lease_and_no_other_has_one(
    runtime: WorkerRuntime, connection: psycopg.Connection
) -> None:
    under_way(runtime)
    for change in ("status = 'pending'", "claim_id = null", "lease_until = null"):
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute(f"update messages set {change}")
