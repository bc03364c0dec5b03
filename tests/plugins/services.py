"""Postgres and Redis for the tests: yours when DATABASE_URL and REDIS_URL say so, private ones otherwise.

In your Postgres we use only databases named ``messaging_test_...``, made and dropped here; in your Redis only
one of the databases 9 to 15, one that is empty.
"""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
import redis
from psycopg import sql

from messaging_pipeline.db.migrate import migrate
from messaging_pipeline.stack.embedded import start_postgres, start_valkey

#: The session that empties the tables between tests, by its ``application_name``.
CLEANER = "cleaner between tests"

_END_OTHERS = """
select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid()
"""

# A truncate makes new files for a table and each of its indexes, which takes longer than most tests do; what was
# deleted stays until it is cleared away, so a table that has grown is truncated after all.
_EMPTIED = """
select string_agg(format(case when size > 262144 then 'truncate %I' else 'delete from %I' end, relname), '; ')
from pg_class, pg_relation_size(oid) as size
where relnamespace = 'public'::regnamespace and relkind = 'r' and relname <> 'schema_migrations'
  and size > 0
"""


@pytest.fixture(scope="session")
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="messaging-pipeline-tests-") as folder:
        Path(folder).chmod(0o711)  # as root, Postgres runs as another account
        yield Path(folder)


@pytest.fixture(scope="session")
def database_server(_scratch: Path) -> Iterator[str]:
    """The URL of a database on a server where we may create others."""
    if url := os.environ.get("DATABASE_URL"):
        yield url
        return
    with start_postgres(_scratch / "postgres", settings={"fsync": "off"}) as server:
        yield server.dsn


@pytest.fixture(scope="session")
def _migrated(database_server: str) -> Iterator[str]:
    """The URL of a database with the whole schema, which tests take in turns."""
    name = f"messaging_test_{uuid4().hex[:12]}"
    _run(database_server, "CREATE DATABASE {}", name)
    migrate(_named(database_server, name))
    yield _named(database_server, name)
    _run(database_server, "DROP DATABASE {} WITH (FORCE)", name)


@pytest.fixture(scope="session")
def _cleaner(_migrated: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(_migrated, autocommit=True, application_name=CLEANER) as connection:
        yield connection


@pytest.fixture
def database_url(_migrated: str, _cleaner: psycopg.Connection) -> str:
    """The URL of a database with the whole schema and, at the beginning of this test, no rows."""
    _cleaner.execute(_END_OTHERS)
    [(emptied,)] = _cleaner.execute(_EMPTIED)
    if emptied:
        _cleaner.execute(emptied)
    return _migrated


@pytest.fixture
def empty_database_url(database_server: str) -> Iterator[str]:
    """The URL of a database of this test's own, with nothing in it: for tests of the migrations."""
    name = f"messaging_test_{uuid4().hex[:12]}"
    _run(database_server, "CREATE DATABASE {}", name)
    yield _named(database_server, name)
    _run(database_server, "DROP DATABASE {} WITH (FORCE)", name)


NewDatabase = Callable[[], str]


@pytest.fixture(scope="session")
def new_database(database_server: str) -> Iterator[NewDatabase]:
    """Make empty databases that live as long as the session."""
    names: list[str] = []

    def make() -> str:
        names.append(f"messaging_test_{uuid4().hex[:12]}")
        _run(database_server, "CREATE DATABASE {}", names[-1])
        return _named(database_server, names[-1])

    yield make
    for name in names:
        _run(database_server, "DROP DATABASE {} WITH (FORCE)", name)


@pytest.fixture(scope="session")
def second_redis(_redis_database: str) -> Iterator[str | None]:
    """Another empty database of your Redis, for what must not be flushed between tests; None without REDIS_URL."""
    if "REDIS_URL" not in os.environ:
        yield None
        return
    url = _an_empty_database(os.environ["REDIS_URL"], besides=_redis_database)
    yield url
    with redis.Redis.from_url(url) as client:
        client.flushdb()


@pytest.fixture(scope="session")
def _redis_database(_scratch: Path) -> Iterator[str]:
    if url := os.environ.get("REDIS_URL"):
        yield _an_empty_database(url)
        return
    with start_valkey(_scratch / "valkey") as server:
        yield server.url


@pytest.fixture
def redis_url(_redis_database: str) -> Iterator[str]:
    """The URL of a Redis or Valkey database that is empty when the test begins."""
    with redis.Redis.from_url(_redis_database) as client:
        client.flushdb()
        yield _redis_database
        client.flushdb()


def _run(server: str, statement: str, *names: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _named(server: str, database: str) -> str:
    return urlsplit(server)._replace(path=f"/{database}").geturl()


def _an_empty_database(server: str, besides: str = "") -> str:
    """Choose a database that holds nothing: it will be flushed again and again. Test processes do not share one."""
    process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    for number in range(9 + process, 16, processes):
        url = urlsplit(server)._replace(path=f"/{number}").geturl()
        with redis.Redis.from_url(url) as client:
            if url != besides and client.dbsize() == 0:
                return url
    pytest.exit("too few of the databases 9 to 15 at REDIS_URL are empty; empty them, or unset REDIS_URL")
