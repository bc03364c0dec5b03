"""Sees to it that each tenant is reconciled by one process at a time."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from psycopg import Connection
from psycopg.rows import TupleRow
from tenacity import RetryCallState, Retrying, retry_if_result, stop_after_delay, wait_fixed

from messaging_pipeline.db.pool import UNREACHABLE, Pool
from messaging_pipeline.db.queries import sql

_BETWEEN_TRIES_SECONDS = 0.5


@contextmanager
def alone_with(pool: Pool, tenant: str, *, patience_seconds: float = 0.0) -> Iterator[bool]:
    """Hold a tenant's lock, unless somebody else does for longer than that; yields whether it is ours.

    The lock is the connection's, not a transaction's: Postgres takes it back when the process dies, and no transaction
    is open while Twilio is asked.
    """
    values = {"tenant": tenant}
    with pool.connection() as connection:
        is_ours = _try(connection, values, patience_seconds)
        try:
            yield is_ours
        finally:
            if is_ours:
                with suppress(*UNREACHABLE):  # the lock has gone with the connection
                    connection.execute(sql("release_reconcile_lock"), values)


def _try(connection: Connection[TupleRow], values: Mapping[str, str], patience_seconds: float) -> bool:
    trying = Retrying(
        retry=retry_if_result(lambda is_ours: not is_ours),
        stop=stop_after_delay(patience_seconds),
        wait=wait_fixed(_BETWEEN_TRIES_SECONDS),
        retry_error_callback=_not_ours,
    )
    return trying(_lock, connection, values)


def _lock(connection: Connection[TupleRow], values: Mapping[str, str]) -> bool:
    row = connection.execute(sql("try_reconcile_lock"), values).fetchone()
    return bool(row and row[0])


def _not_ours(_: RetryCallState) -> bool:
    return False
