"""Bringing a schema up to date: from zero, again, by many at once, and not over a rewritten history."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from messaging_pipeline.db import migrate as migrate_module
from messaging_pipeline.db.migrate import MigrationChanged, Patience, _apply, migrate, pending
from messaging_pipeline.db.migration_files import Migration, migrations
from messaging_pipeline.errors import NotReachable

ALL = [migration.name for migration in migrations()]


@pytest.fixture
def connection(empty_database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        yield connection


def tables(connection: psycopg.Connection) -> set[str]:
    rows = connection.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
    return {name for (name,) in rows}


def recorded(connection: psycopg.Connection) -> list[tuple[str, str, str]]:
    return connection.execute("select version, name, sha256 from schema_migrations order by version").fetchall()


def a_migration(statements: str) -> Migration:
    return Migration("9999", "9999_pre_try.sql", statements)  # type: ignore[arg-type]


def test_an_empty_database_gets_the_whole_schema(empty_database_url: str, connection: psycopg.Connection) -> None:
    assert migrate(empty_database_url) == ALL
    assert {"messages", "attempts", "message_events", "schema_migrations"} <= tables(connection)
    assert recorded(connection) == [(one.version, one.name, one.sha256) for one in migrations()]


def test_a_second_run_applies_nothing(empty_database_url: str, connection: psycopg.Connection) -> None:
    migrate(empty_database_url)
    before = recorded(connection)
    assert migrate(empty_database_url) == []
    assert recorded(connection) == before


def test_eight_at_once_apply_each_file_exactly_once(empty_database_url: str, connection: psycopg.Connection) -> None:
    with ThreadPoolExecutor(8) as everybody:
        applied = list(everybody.map(migrate, [empty_database_url] * 8))
    assert sorted(name for names in applied for name in names) == ALL
    assert [name for _, name, _ in recorded(connection)] == ALL


def test_what_is_pending_is_everything_before_and_nothing_after(
    empty_database_url: str, connection: psycopg.Connection
) -> None:
    assert pending(connection) == ALL
    migrate(empty_database_url)
    assert pending(connection) == []


def test_a_file_that_was_edited_after_it_was_applied_is_refused_by_name(
    empty_database_url: str, connection: psycopg.Connection
) -> None:
    migrate(empty_database_url)
    connection.execute("update schema_migrations set sha256 = 'what it read before' where version = '0001'")
    with pytest.raises(MigrationChanged) as refusal:
        migrate(empty_database_url)
    assert ALL[0] in str(refusal.value)
    assert "never edit" in str(refusal.value)


def test_a_refusal_does_not_keep_others_from_migrating_later(
    empty_database_url: str, connection: psycopg.Connection
) -> None:
    migrate(empty_database_url)
    ((version, _, sha256), *_) = recorded(connection)
    connection.execute("update schema_migrations set sha256 = 'changed' where version = %s", [version])
    with pytest.raises(MigrationChanged):
        migrate(empty_database_url)
    connection.execute("update schema_migrations set sha256 = %s where version = %s", [sha256, version])
    assert migrate(empty_database_url) == []


def test_a_file_from_the_future_is_left_alone(empty_database_url: str, connection: psycopg.Connection) -> None:
    migrate(empty_database_url)
    connection.execute("insert into schema_migrations (version, name, sha256) values ('9999', 'later', 'x')")
    assert migrate(empty_database_url) == []


def test_a_database_that_nobody_answers_for_is_not_reachable() -> None:
    with pytest.raises(NotReachable) as refusal:
        migrate("postgresql://127.0.0.1:9/nowhere")
    assert refusal.value.setting == "DATABASE_URL"


def test_a_file_that_fails_in_the_middle_leaves_nothing_behind(
    empty_database_url: str, connection: psycopg.Connection
) -> None:
    migrate(empty_database_url)
    with pytest.raises(psycopg.errors.UndefinedTable):
        _apply(connection, a_migration("create table half (); insert into nowhere values (1);"), Patience())
    assert "half" not in tables(connection)
    assert [name for _, name, _ in recorded(connection)] == ALL


def test_a_file_that_says_so_runs_outside_of_a_transaction(
    empty_database_url: str, connection: psycopg.Connection
) -> None:
    migrate(empty_database_url)
    statements = (
        "-- transactional: false\n-- Finds messages by their tag.\n"
        "create index concurrently try_one on messages (tags);\n"
        "create index concurrently try_two on messages (reason);\n"
    )
    _apply(connection, a_migration(statements), Patience())
    indexes = connection.execute("select indexname from pg_indexes where indexname like 'try%' order by 1").fetchall()
    assert indexes == [("try_one",), ("try_two",)]
    assert recorded(connection)[-1][0] == "9999"


def test_many_at_once_get_a_file_without_a_transaction_done_too(
    empty_database_url: str, connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = a_migration("-- transactional: false\ncreate index concurrently try_one on messages (tags);\n")
    with_index = [*migrations(), index]
    monkeypatch.setattr(migrate_module, "migrations", lambda: with_index)
    with ThreadPoolExecutor(8) as everybody:
        applied = list(everybody.map(migrate, [empty_database_url] * 8))
    assert sorted(name for names in applied for name in names) == [*ALL, index.name]
