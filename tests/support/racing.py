"""Several threads that use Postgres at the same time, and what its own books say about them."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import psycopg

from tests.plugins.services import CLEANER
from tests.support.waiting import eventually

_PATIENCE_SECONDS = 60


def at_once(work: Sequence[Callable[[], object]]) -> None:
    """Do it all at the same time; the first error is raised."""
    start = threading.Barrier(len(work))

    def begin(one: Callable[[], object]) -> None:
        start.wait(_PATIENCE_SECONDS)
        one()

    with ThreadPoolExecutor(len(work)) as threads:
        for done in [threads.submit(begin, one) for one in work]:
            done.result(_PATIENCE_SECONDS)


def wait_for_waiters(observer: psycopg.Connection, count: int) -> None:
    """Return when so many sessions of this database stand in line for a lock."""
    eventually(lambda: _sessions(observer, "wait_event_type = 'Lock'") == count, f"{count} sessions in line")


def deadlocks(observer: psycopg.Connection) -> int:
    """The deadlocks that Postgres has ever broken in this database; known once every other session has ended."""
    others = f"backend_type = 'client backend' and pid <> pg_backend_pid() and application_name <> '{CLEANER}'"
    eventually(lambda: _sessions(observer, others) == 0, "no other session")
    row = observer.execute("select deadlocks from pg_stat_database where datname = current_database()").fetchone()
    assert row is not None
    return int(row[0])


def _sessions(observer: psycopg.Connection, condition: str) -> int:
    row = observer.execute(
        f"select count(*) from pg_stat_activity where datname = current_database() and {condition}"
    ).fetchone()
    assert row is not None
    return int(row[0])
