"""Connections to Postgres: a pool of autocommitting ones, and short transactions where a use case needs one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool, PoolTimeout
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, stop_after_delay, wait_random_exponential

Result = TypeVar("Result")
Pool = ConnectionPool[Connection[TupleRow]]

_CONNECT_TIMEOUT_SECONDS = 5
_READ_ONLY = (b"in_hot_standby", b"default_transaction_read_only")
_STATEMENT_TIMEOUT_MILLISECONDS = 15_000

#: A host that vanishes says no farewell. Left to the kernel, whoever waits for its answer waits for two hours, and
#: whoever has just asked for a quarter of one: every thread, while the next host is there. Nothing on a Unix socket.
_GIVING_UP = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}

#: What Postgres says when the same transaction, tried again, can succeed (class 40: deadlock, serialization).
_RETRYABLE = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)

#: How long an answer from outside is held in hand while Postgres is away.
_PATIENCE_SECONDS = 30.0

#: What is raised while Postgres restarts or cannot be reached, or where another server is the primary now; the work is
#: intact and may be tried later.
UNREACHABLE = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.errors.ReadOnlySqlTransaction,
    PoolTimeout,
)


def open_pool(database_url: str, *, size: int, name: str, checked: bool) -> Pool:
    """Open a pool of at most ``size`` connections; they are made as they are needed.

    Postgres shows each under ``name`` (``application_name``), so that an operator sees whose they are. ``checked``
    asks each connection, before it is lent, whether Postgres is still at the other end: a trip that spares a
    producer the error after a restart, and that workers, who try again by themselves, need not pay.
    """
    return ConnectionPool(
        database_url,
        min_size=0,
        max_size=size,
        timeout=_CONNECT_TIMEOUT_SECONDS,
        max_idle=60,
        reconnect_timeout=_CONNECT_TIMEOUT_SECONDS,
        check=ConnectionPool.check_connection if checked else None,
        reset=_leave_replica,
        open=True,
        name=name,
        kwargs=_options(name),
    )


def _leave_replica(connection: Connection[TupleRow]) -> None:
    """Have the pool drop a connection to a server where nothing can be written: the next one may reach the primary.

    A server tells by itself (from Postgres 14 on) what it is when it is connected to, and when that changes.
    """
    told = (connection.pgconn.parameter_status(name) for name in _READ_ONLY)
    if b"on" in told:
        raise psycopg.OperationalError("nothing can be written at this server")


def connect_once(database_url: str, name: str) -> Connection[TupleRow]:
    """Open one connection that commits each statement, for who needs no pool; raises psycopg.Error."""
    return psycopg.connect(database_url, **_options(name))


def _options(name: str) -> dict[str, Any]:
    return {
        "autocommit": True,
        "application_name": name,
        "connect_timeout": _CONNECT_TIMEOUT_SECONDS,
        **_GIVING_UP,
        "options": f"-c statement_timeout={_STATEMENT_TIMEOUT_MILLISECONDS} -c timezone=UTC",
    }


@contextmanager
def transaction(pool: Pool) -> Iterator[Connection[TupleRow]]:
    """Borrow a connection for one short transaction; committed when the block ends well."""
    with pool.connection() as connection, connection.transaction():
        yield connection


def in_transaction(pool: Pool, work: Callable[[Connection[TupleRow]], Result]) -> Result:
    """Run ``work`` in a transaction, again if Postgres chose it as a deadlock's victim.

    ``work`` must have no effect outside the database.
    """
    with suppress(*_RETRYABLE):  # nearly always this does, and the loop adds half as much CPU again
        return _once(pool, work)
    for attempt in Retrying(
        retry=retry_if_exception_type(_RETRYABLE),
        wait=wait_random_exponential(multiplier=0.02, max=1.0),
        stop=stop_after_attempt(5),
        reraise=True,
    ):
        with attempt:
            result = _once(pool, work)
    return result


def patiently(write: Callable[[], Result]) -> Result:
    """Write down an answer from outside, which is too dear to lose to a Postgres that is restarting: it is held in hand
    and tried again for half a minute.

    ``write`` names the state that it leaves: that it was done may itself be what was not heard.
    """
    with suppress(*UNREACHABLE):
        return write()
    for trial in Retrying(
        retry=retry_if_exception_type(UNREACHABLE),
        wait=wait_random_exponential(multiplier=0.1, max=2.0),
        stop=stop_after_delay(_PATIENCE_SECONDS),
        reraise=True,
    ):
        with trial:
            result = write()
    return result


def _once(pool: Pool, work: Callable[[Connection[TupleRow]], Result]) -> Result:
    with transaction(pool) as connection:
        return work(connection)
