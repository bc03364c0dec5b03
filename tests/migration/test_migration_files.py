"""The migration files: numbered without a gap, named by a rule, and nothing else in their folder."""

from pathlib import Path

from messaging_pipeline.db import migrate
from messaging_pipeline.db.migrate import FILE_NAME, migrations

FOLDER = Path(migrate.__file__).with_name("migrations")


def test_every_file_is_named_by_the_rule() -> None:
    assert [file.name for file in FOLDER.iterdir() if file.is_file() and not FILE_NAME.match(file.name)] == []


def test_the_numbers_have_no_gap_and_none_is_used_twice() -> None:
    versions = [migration.version for migration in migrations()]
    assert versions == [f"{number:04}" for number in range(1, len(versions) + 1)]


def test_every_file_is_read() -> None:
    assert [migration.name for migration in migrations()] == sorted(file.name for file in FOLDER.glob("*.sql"))


def test_every_file_begins_with_what_it_is_for() -> None:
    assert [one.name for one in migrations() if not one.statements.startswith("-- ")] == []
