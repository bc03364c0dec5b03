"""The runtime that a command uses, from the environment; lists may read a replica."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg_pool import PoolTimeout

from messaging_pipeline.db.address import postgres_address
from messaging_pipeline.db.pool import connect_once
from messaging_pipeline.errors import InvalidSettings, NotReachable
from messaging_pipeline.runtime import Runtime, build_runtime
from messaging_pipeline.settings import Settings, required

_REPLICA = "DATABASE_REPLICA_URL"
_NAME = "messaging-pipeline-cli"


@contextmanager
def command_runtime() -> Iterator[Runtime]:
    """Build a runtime for one command and close it; raises InvalidSettings."""
    with _runtime(Settings.from_environment(os.environ)) as runtime:
        yield runtime


@contextmanager
def listing_runtime() -> Iterator[Runtime]:
    """Build a runtime for a list, on the replica where there is one; raises InvalidSettings.

    A list may be behind by what the replica is behind. So nothing that decides, and nothing that looks for one message,
    reads here; and a replica that does not answer is an error (NotReachable), for who has one does not want the primary
    to be read in its place.
    """
    settings = Settings.from_environment(os.environ)
    if settings.database_replica_url is None:
        with _runtime(settings) as runtime:
            yield runtime
        return
    postgres_address(settings.database_replica_url.get_secret_value(), _REPLICA)
    with (
        _replicas_errors(),
        _runtime(settings.model_copy(update={"database_url": settings.database_replica_url})) as runtime,
    ):
        yield runtime


@contextmanager
def _runtime(settings: Settings) -> Iterator[Runtime]:
    runtime = build_runtime(settings, name=_NAME, connections=2)
    try:
        # A pool would try for five seconds before it says that nobody answers.
        connect_once(required(settings.database_url, "DATABASE_URL"), _NAME).close()
        yield runtime
    finally:
        runtime.close()


@contextmanager
def _replicas_errors() -> Iterator[None]:
    """Name the replica's setting, not the primary's, in what goes wrong."""
    try:
        yield
    except psycopg.errors.UndefinedTable:
        cure = "give the address of a replica of DATABASE_URL's database, or unset it"
        raise InvalidSettings(_REPLICA, "holds none of the pipeline's tables", cure) from None
    except (psycopg.OperationalError, PoolTimeout):
        raise NotReachable("the replica of Postgres", _REPLICA) from None
