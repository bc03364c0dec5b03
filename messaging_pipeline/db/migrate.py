"""Brings the schema up to date: numbered SQL files, each applied once, under one advisory lock."""

from dataclasses import dataclass

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow
from tenacity import Retrying, retry_if_exception_type, retry_if_result, stop_after_attempt, wait_random

from messaging_pipeline.db.migration_files import Migration, Phase, migrations, of_phase
from messaging_pipeline.db.queries import sql
from messaging_pipeline.errors import NotReachable, PipelineError

_ASK_AGAIN_SECONDS = 0.3


class MigrationChanged(PipelineError):
    """Raised when a file that was applied before reads differently now."""


class TableInUse(PipelineError):
    """Raised when somebody held a lock for longer than we were willing to wait."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a table that others use.

    Whoever waits for a table's lock holds up everybody who comes after, so we wait a moment, let the others pass,
    and ask again.
    """

    moment_milliseconds: int = 2_000
    times: int = 30
    pause_seconds: float = 2.0


@dataclass(frozen=True, slots=True)
class Migrated:
    """What a run did: the names of the files applied, and of those that wait for the other phase."""

    applied: list[str]
    left: list[str]


def migrate(database_url: str) -> list[str]:
    """Apply what is missing, of both phases, and return the names of the files applied.

    Any number of processes may call this at once: one works, the others wait and find nothing to do.
    Raises NotReachable, MigrationChanged when history was rewritten, and TableInUse.
    """
    return migrate_phase(database_url, None).applied


def migrate_phase(database_url: str, phase: Phase | None, patience: Patience | None = None) -> Migrated:
    """Apply what is missing of one phase (None: of both), always in the order of the numbers.

    Raises as ``migrate`` does, and OutOfOrder, before anything is applied.
    """
    try:
        with psycopg.connect(database_url, autocommit=True, connect_timeout=5) as connection:
            return _migrate(connection, phase, patience or Patience())
    except psycopg.errors.LockNotAvailable:
        raise TableInUse(
            "somebody has held a lock on a table for too long; look for open transactions in pg_stat_activity, "
            "end them, and run the command again"
        ) from None
    except psycopg.OperationalError:
        raise NotReachable("Postgres", "DATABASE_URL") from None


def pending(connection: Connection[TupleRow]) -> list[str]:
    """Return the names of the files that were not applied yet."""
    applied = _applied(connection)
    return [migration.name for migration in migrations() if migration.version not in applied]


def refuse_rewritten_history(connection: Connection[TupleRow]) -> None:
    """Raise MigrationChanged when a file that was applied reads differently now."""
    _refuse_rewritten_history(_applied(connection))


def _migrate(connection: Connection[TupleRow], phase: Phase | None, patience: Patience) -> Migrated:
    _lock(connection)
    try:
        connection.execute(sql("create_schema_migrations"))
        applied = _applied(connection)
        _refuse_rewritten_history(applied)
        missing = [migration for migration in migrations() if migration.version not in applied]
        now = of_phase(missing, phase)
        for migration in now:
            _apply(connection, migration, patience)
        return Migrated([one.name for one in now], [one.name for one in missing[len(now) :]])
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


def _apply(connection: Connection[TupleRow], migration: Migration, patience: Patience) -> None:
    if migration.transactional:
        _apply_at_once(connection, migration, patience)
        return
    for statement in migration.statements.split(";\n"):
        if statement.strip():
            connection.execute(statement)
    _record(connection, migration)


def _apply_at_once(connection: Connection[TupleRow], migration: Migration, patience: Patience) -> None:
    for attempt in Retrying(
        retry=retry_if_exception_type(psycopg.errors.LockNotAvailable),
        wait=wait_random(0, patience.pause_seconds),
        stop=stop_after_attempt(patience.times),
        reraise=True,
    ):
        with attempt, connection.transaction():
            connection.execute(sql("wait_a_moment_for_locks"), {"milliseconds": patience.moment_milliseconds})
            connection.execute(migration.statements)
            _record(connection, migration)


def _record(connection: Connection[TupleRow], migration: Migration) -> None:
    parameters = {"version": migration.version, "name": migration.name, "sha256": migration.sha256}
    connection.execute(sql("record_migration"), parameters)
