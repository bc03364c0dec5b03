"""A database that is there and does not do what a command asks: one sentence says why, and what to do."""

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from messaging_pipeline.db import pool
from messaging_pipeline.db.migrate import migrate
from tests.plugins.services import NewDatabase
from tests.support.commands import run_command
from tests.support.factories import environment


def listing(database_url: str) -> tuple[int, str]:
    ended = run_command(environment(DATABASE_URL=database_url), "optouts", "list")
    assert ended.out == ""
    return ended.code, ended.err.removeprefix("messaging-pipeline: ")


@pytest.fixture
def url(new_database: NewDatabase) -> str:
    url = new_database()
    migrate(url)
    return url


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("alter table opt_outs rename column since to at", "DATABASE_URL: the database lacks a migration of this"),
        ("alter table opt_outs rename to opted_out", "DATABASE_URL: the database has no schema yet"),
        ("alter database {} set role = 'pg_monitor'", "DATABASE_URL: its login may not do that"),
    ],
)
def test_a_database_that_cannot_be_read_is_named_with_a_cure(url: str, change: str, sentence: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(SQL(change).format(Identifier(connection.info.dbname)))  # type: ignore[arg-type]
    code, told = listing(url)
    assert (code, told[: len(sentence)]) == (3, sentence)


def test_a_question_that_takes_too_long_is_no_server_that_is_away(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "_STATEMENT_TIMEOUT_MILLISECONDS", 50)
    with psycopg.connect(url) as connection:
        connection.execute("lock table opt_outs")
        code, told = listing(url)
    assert (code, told) == (3, "Postgres took too long to answer; ask for less, or when it has less to do\n")
