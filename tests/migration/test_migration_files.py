"""The migration files: numbered without a gap, named by a rule, and nothing else in their folder."""

import re
from pathlib import Path

import pytest

from messaging_pipeline.db import migrate
from messaging_pipeline.db.migration_files import FILE_NAME, Migration, Phase, migrations

FOLDER = Path(migrate.__file__).with_name("migrations")

#: Files up to 0020 were written before updates had two phases, and can be edited no more.
_SINCE_TWO_PHASES = [one for one in migrations() if one.version > "0020"]

_TAKES_AWAY = re.compile(
    r"drop (?:table|column|view|sequence|type)|rename|set not null|alter column \w+ (?:set data )?type"
)
_NEW_TABLE = re.compile(r"create table (?:if not exists )?(\w+)")
_FUNCTION_BODY = re.compile(r"\$\$.*?\$\$", re.DOTALL)
_LOCKING_INDEX = re.compile(r"create (?:unique )?index (?!concurrently)(?:if not exists )?\w+ on (\w+)")


def test_every_file_is_named_by_the_rule() -> None:
    assert [file.name for file in FOLDER.iterdir() if file.is_file() and not FILE_NAME.match(file.name)] == []


def test_the_numbers_have_no_gap_and_none_is_used_twice() -> None:
    versions = [migration.version for migration in migrations()]
    assert versions == [f"{number:04}" for number in range(1, len(versions) + 1)]


def test_every_file_is_read() -> None:
    assert [migration.name for migration in migrations()] == sorted(file.name for file in FOLDER.glob("*.sql"))


def test_every_file_begins_with_what_it_is_for() -> None:
    assert [one.name for one in migrations() if not one.statements.startswith("-- ")] == []


def test_a_file_for_before_takes_nothing_away_that_the_code_before_uses() -> None:
    """What does belongs into a file for after (post)."""
    pre = [one for one in _SINCE_TWO_PHASES if one.phase is Phase.PRE]
    assert [one.name for one in pre if _takes_away(_statements(one))] == []


def test_no_file_locks_a_table_in_use_while_it_builds_an_index() -> None:
    """An index on a table that was there before is built concurrently, in a file outside of a transaction."""
    assert [one.name for one in _SINCE_TWO_PHASES if _indexed_while_locked(_statements(one))] == []


def test_an_index_on_a_new_table_may_be_built_at_once_and_one_on_an_old_table_not() -> None:
    assert _indexed_while_locked("create table new (id int); create index i on new (id);") == set()
    assert _indexed_while_locked("create unique index i on old (id) where id > 1;") == {"old"}
    assert _indexed_while_locked("create index concurrently i on old (id);") == set()


@pytest.mark.parametrize(
    "statement",
    [
        "alter table messages drop column reason",
        "drop table paces",
        "alter table messages rename column a to b",
        "alter table messages alter column tags set not null",
        "alter table messages alter column a type bigint",
        "alter table messages rename to messages_before; create table others (id int)",
    ],
)
def test_what_takes_something_away_is_known(statement: str) -> None:
    assert _takes_away(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "alter table messages add column fresh text",
        "alter table messages alter column payload drop not null",
        "alter table fallback_steps drop constraint fallback_steps_state_check",
        "alter table messages rename to messages_before; create table messages (id int)",
        "create function tidy() returns void language sql as $$ drop table paces $$",
    ],
)
def test_what_adds_or_permits_is_none_of_that(statement: str) -> None:
    assert not _takes_away(statement)


def _takes_away(statements: str) -> bool:
    """A table may be renamed if the same file makes another one of its name; what a function would do is not done."""
    done = _FUNCTION_BODY.sub("", statements)
    for name in _NEW_TABLE.findall(done):
        done = re.sub(rf"alter table {name} rename to \w+", "", done)
    return _TAKES_AWAY.search(done) is not None


def _statements(migration: Migration) -> str:
    return re.sub(r"--[^\n]*", "", migration.statements).lower()


def _indexed_while_locked(statements: str) -> set[str]:
    return set(_LOCKING_INDEX.findall(statements)) - set(_NEW_TABLE.findall(statements))
