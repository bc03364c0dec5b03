"""Lists and exports read the replica alone, and what decides reads the primary; neither stands in for the other."""

from datetime import UTC, datetime
from uuid import UUID

import psycopg
import pytest

from messaging_pipeline.db.migrate import migrate
from messaging_pipeline.settings import Settings
from tests.plugins.services import NewDatabase
from tests.support.commands import run_command
from tests.support.factories import environment
from tests.support.written_lives import Writer

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NOWHERE = "postgresql://127.0.0.1:9/nowhere"

LISTS = [
    "messages list",
    "inbound list",
    "optouts list",
    "optouts export",
    "consent export",
    "numbers list",
    "numbers landlines",
    "tickets list",
    "redactions list",
    "codes list",
]


@pytest.fixture(scope="module")
def replica(new_database: NewDatabase) -> tuple[str, UUID]:
    """A database in which, as in a replica, nothing can be written, and the one message that it has."""
    url = new_database()
    migrate(url)
    with psycopg.connect(url, autocommit=True) as connection:
        message_id = Writer(connection, NOON).message()
        name = connection.info.dbname
        connection.execute(f'alter database "{name}" set default_transaction_read_only = on')
    return url, message_id


@pytest.mark.parametrize("command", LISTS)
def test_a_list_reads_the_replica_and_leaves_the_primary_alone(command: str, replica: tuple[str, UUID]) -> None:
    given = environment(DATABASE_URL=NOWHERE, DATABASE_REPLICA_URL=replica[0])
    finished = run_command(given, *command.split(), "--json")
    assert (finished.code, finished.err) == (0, "")
    if command == "messages list":
        assert [one["id"] for one in finished.json] == [str(replica[1])]


def test_one_message_is_looked_for_where_it_was_written(replica: tuple[str, UUID], database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        fresh = Writer(connection, NOON).message()
    given = environment(DATABASE_URL=database_url, DATABASE_REPLICA_URL=replica[0])
    assert run_command(given, "messages", "show", str(fresh), "--json").json["id"] == str(fresh)
    assert run_command(given, "messages", "show", str(replica[1])).code == 1


def test_a_replica_that_does_not_answer_is_said_and_the_primary_does_not_stand_in(database_url: str) -> None:
    given = environment(DATABASE_URL=database_url, DATABASE_REPLICA_URL=NOWHERE)
    finished = run_command(given, "messages", "list")
    assert (finished.code, finished.out) == (3, "")
    assert "DATABASE_REPLICA_URL" in finished.err


def test_a_replica_of_something_else_is_a_wrong_setting(database_url: str, empty_database_url: str) -> None:
    given = environment(DATABASE_URL=database_url, DATABASE_REPLICA_URL=empty_database_url)
    finished = run_command(given, "messages", "list")
    assert (finished.code, finished.out) == (2, "")
    assert finished.err.startswith("messaging-pipeline: DATABASE_REPLICA_URL: holds none of the pipeline's tables")


def test_the_password_of_the_replica_is_not_shown() -> None:
    settings = Settings.from_environment({"DATABASE_REPLICA_URL": "postgresql://reader:hunter2@db/x"})
    assert "hunter2" not in repr(settings)
