"""Postgres: reachable, new enough, set up so that a commit lasts, and with the schema of this version."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline.db.migrate import MigrationChanged, pending, refuse_rewritten_history
from messaging_pipeline.db.pool import connect_once
from messaging_pipeline.db.queries import sql
from messaging_pipeline.doctor.finding import Change, Finding, error, ok, unreachable, warning
from messaging_pipeline.doctor.patient import Patient
from messaging_pipeline.history.months import make_months, name_of, read_calendar
from messaging_pipeline.settings import required

SETTING = "DATABASE_URL"

_OLDEST_VERSION = 140_000
_NEITHER_ACCEPTED = {"fsync": "on", "full_page_writes": "on"}


@dataclass(frozen=True, slots=True)
class Health:
    """What a server says of itself."""

    version_number: int
    version: str
    fsync: str
    synchronous_commit: str
    full_page_writes: str
    is_replica: bool
    encoding: str


def check_database(patient: Patient) -> Iterator[Finding]:
    """Ask the server what it is, and which migrations it has."""
    url = required(patient.settings.database_url, SETTING)
    try:
        with connect_once(url, "messaging-pipeline-doctor") as connection:
            health = _health(connection)
            yield from judge_server(health)
            yield from _schema(connection)
            yield from _history(connection, url, patient.clock.now())
    except psycopg.OperationalError:
        yield unreachable(SETTING, "Postgres does not answer", "check DATABASE_URL and that the server is running")
    except psycopg.ProgrammingError:
        yield error(SETTING, "is not a Postgres URL", "give postgresql://user:password@host:5432/name")


def _health(connection: Connection[TupleRow]) -> Health:
    row = connection.execute(sql("server_health")).fetchone()
    if row is None:
        raise psycopg.OperationalError
    return Health(*row)


def judge_server(health: Health) -> Iterator[Finding]:
    """Say what in a server's settings lets committed messages be lost, or does not work at all."""
    if health.version_number < _OLDEST_VERSION:
        yield error(SETTING, f"Postgres {health.version} is too old", "use Postgres 14 or newer")
    else:
        yield ok(SETTING, f"Postgres {health.version}")
    if health.is_replica:
        yield error(SETTING, "is a replica, where nothing can be written", "give the primary's address")
    if health.encoding != "UTF8":
        yield error(SETTING, f"the database's encoding is {health.encoding}", "make the database with encoding UTF8")
    for name, wanted in _NEITHER_ACCEPTED.items():
        if getattr(health, name) != wanted:
            yield _forgetful(f"{name} is {getattr(health, name)}", f"set {name} = {wanted} in postgresql.conf")
    if health.synchronous_commit == "off":
        yield _forgetful("synchronous_commit is off", "set synchronous_commit = on, for the server, database and role")


def _forgetful(told: str, cure: str) -> Finding:
    """An attempt that is forgotten may be made again: then a message is sent twice."""
    return error(SETTING, f"{told}: a crash forgets what was committed, and messages may be sent twice", cure)


def _schema(connection: Connection[TupleRow]) -> Iterator[Finding]:
    missing = pending(connection)
    if any("_pre_" in name for name in missing):
        told = f"{len(missing)} migration(s) are missing, the first is {missing[0]}"
        yield error("schema", told, "run `messaging-pipeline migrate`")
        return
    try:
        refuse_rewritten_history(connection)
    except MigrationChanged as changed:
        yield error("schema", str(changed), "install the release that made this schema, or a newer one")
        return
    if missing:
        told = f"{missing[0]} waits until no process of the release before is left"
        yield warning("schema", told, "replace every process, then run `messaging-pipeline migrate --post`")
        return
    yield ok("schema", "every migration is applied")


def _history(connection: Connection[TupleRow], url: str, now: datetime) -> Iterator[Finding]:
    """Say which months of histories are missing; a line is never refused for it, but goes by deletion one day."""
    if any("_pre_" in name for name in pending(connection)):
        return
    calendar = read_calendar(connection)
    if missing := calendar.missing(now):
        names = ", ".join(map(name_of, missing))
        cure = "see that beat runs, and a worker with the queue maintenance; or run `messaging-pipeline doctor --fix`"
        change = Change(f"make the partitions of {names}", lambda: _make_missing(url, now))
        yield warning("history", f"the partitions of {names} are missing", cure, change)
    else:
        yield ok("history", f"{calendar.ahead(now)} months to come have their partition")
    for stray in calendar.strays:
        if not stray.is_forgotten:
            told = f"{stray.lines} lines of {name_of(stray.month)} lie in the default partition"
            yield warning(
                "history", told, "nothing is lost and nothing to do: retention deletes them, and drops nothing"
            )


def _make_missing(url: str, now: datetime) -> str | None:
    with connect_once(url, "messaging-pipeline-doctor") as connection:
        make_months(connection, now)
        left = read_calendar(connection).missing(now)
    return f"{', '.join(map(name_of, left))} could not be made now" if left else None
