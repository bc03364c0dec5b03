"""Brings the schema up to date: numbered SQL files, each applied once, under one advisory lock."""

import hashlib
import re
from dataclasses import dataclass
from importlib import resources
from typing import LiteralString

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow
from tenacity import Retrying, retry_if_result, wait_random

from messaging_pipeline.db.queries import sql
from messaging_pipeline.errors import NotReachable, PipelineError

#: ``0001_pre_create_messages.sql``: number, whether it runs before or after new code is rolled out, what it does.
FILE_NAME = re.compile(r"^(?P<version>\d{4})_(?P<phase>pre|post)_[a-z0-9_]+\.sql$")

#: First line of a file that cannot run inside a transaction, as CREATE INDEX CONCURRENTLY cannot.
_NOT_TRANSACTIONAL = "-- transactional: false"

_ASK_AGAIN_SECONDS = 0.3


class MigrationChanged(PipelineError):
    """Raised when a file that was applied before reads differently now."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file."""

    version: str
    name: str
    statements: LiteralString

    @property
    def sha256(self) -> str:
        """Proof of what was applied."""
        return hashlib.sha256(self.statements.encode()).hexdigest()

    @property
    def transactional(self) -> bool:
        """Whether the file runs inside one transaction."""
        return not self.statements.startswith(_NOT_TRANSACTIONAL)


def migrations() -> list[Migration]:
    """Return all migrations in order."""
    files = resources.files("messaging_pipeline.db").joinpath("migrations").iterdir()
    found = [
        Migration(match["version"], file.name, file.read_text("utf-8"))
        for file in files
        if (match := FILE_NAME.match(file.name))
    ]
    return sorted(found, key=lambda migration: migration.version)


def migrate(database_url: str) -> list[str]:
    """Apply what is missing and return the names of the files applied.

    Any number of processes may call this at once: one works, the others wait and find nothing to do.
    Raises NotReachable, and MigrationChanged when history was rewritten.
    """
    try:
        with psycopg.connect(database_url, autocommit=True, connect_timeout=5) as connection:
            return _migrate(connection)
    except psycopg.OperationalError:
        raise NotReachable("Postgres", "DATABASE_URL") from None


def pending(connection: Connection[TupleRow]) -> list[str]:
    """Return the names of the files that were not applied yet."""
    applied = _applied(connection)
    return [migration.name for migration in migrations() if migration.version not in applied]


def refuse_rewritten_history(connection: Connection[TupleRow]) -> None:
    """Raise MigrationChanged when a file that was applied reads differently now."""
    _refuse_rewritten_history(_applied(connection))


def _migrate(connection: Connection[TupleRow]) -> list[str]:
    _lock(connection)
    try:
        connection.execute(sql("create_schema_migrations"))
        applied = _applied(connection)
        _refuse_rewritten_history(applied)
        missing = [migration for migration in migrations() if migration.version not in applied]
        for migration in missing:
            _apply(connection, migration)
        return [migration.name for migration in missing]
    finally:
        connection.execute(sql("unlock_migrations"))


def _lock(connection: Connection[TupleRow]) -> None:
    """Wait for our turn, however long whoever works now may take."""
    Retrying(retry=retry_if_result(lambda row: row != (True,)), wait=wait_random(0.05, _ASK_AGAIN_SECONDS))(
        lambda: connection.execute(sql("try_to_lock_migrations")).fetchone()
    )


def _applied(connection: Connection[TupleRow]) -> dict[str, str]:
    if connection.execute(sql("schema_migrations_exist")).fetchone() == (None,):
        return {}
    return dict(connection.execute(sql("applied_migrations")).fetchall())


def _refuse_rewritten_history(applied: dict[str, str]) -> None:
    for migration in migrations():
        if applied.get(migration.version, migration.sha256) != migration.sha256:
            raise MigrationChanged(
                f"{migration.name} was applied with other content; never edit a migration, add a new one"
            )


def _apply(connection: Connection[TupleRow], migration: Migration) -> None:
    parameters = {"version": migration.version, "name": migration.name, "sha256": migration.sha256}
    if migration.transactional:
        with connection.transaction():
            connection.execute(migration.statements)
            connection.execute(sql("record_migration"), parameters)
        return
    for statement in migration.statements.split(";\n"):
        if statement.strip():
            connection.execute(statement)
    connection.execute(sql("record_migration"), parameters)
