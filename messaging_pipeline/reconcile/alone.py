"""Sees to it that each tenant is reconciled by one process at a time."""

from collections.abc import Iterator
from contextlib import contextmanager

from messaging_pipeline.db.pool import Pool
from messaging_pipeline.db.queries import sql


@contextmanager
def alone_with(pool: Pool, tenant: str) -> Iterator[bool]:
    """Hold a tenant's lock, if nobody else does; yields whether it is ours.

    The lock is the connection's, not a transaction's: Postgres takes it back when the process dies, and no transaction
    is open while Twilio is asked.
    """
    values = {"tenant": tenant}
    with pool.connection() as connection:
        row = connection.execute(sql("try_reconcile_lock"), values).fetchone()
        is_ours = bool(row and row[0])
        try:
            yield is_ours
        finally:
            if is_ours:
                connection.execute(sql("release_reconcile_lock"), values)
