"""What a restart of Postgres is to a worker: every connection that it has is gone, and the next one is good."""

import psycopg

from messaging_pipeline.worker_runtime import WorkerRuntime


def lose_connections(runtime: WorkerRuntime) -> None:
    """End every connection of a worker's."""
    pool = runtime.base.pool
    with psycopg.connect(pool.conninfo, autocommit=True) as connection:
        ended = connection.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
            " where datname = current_database() and application_name = %s",
            [pool.name],
        ).fetchall()
    assert ended
