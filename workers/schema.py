"""Whether the database is there and has what this version needs, asked before a worker takes its first task."""

import psycopg

from messaging_pipeline.db.address import postgres_address
from messaging_pipeline.db.migrate import pending
from messaging_pipeline.db.pool import connect_once
from messaging_pipeline.errors import NotReachable, PipelineError
from messaging_pipeline.settings import Settings, required

_SECOND_PHASE = "_post_"


class SchemaMissing(PipelineError):
    """Raised when migrations are missing without which no task of this version can do its work."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    def __str__(self) -> str:
        return f"DATABASE_URL: the database lacks the migration {self.name}; run `messaging-pipeline migrate`"


def refuse_old_schema(settings: Settings) -> None:
    """Raise SchemaMissing when the first phase of the migrations is missing, NotReachable when nobody answers.

    Raises InvalidSettings for what is no URL.
    """
    address = postgres_address(required(settings.database_url, "DATABASE_URL"), "DATABASE_URL")
    try:
        with connect_once(address, "messaging-pipeline worker") as connection:
            missing = [name for name in pending(connection) if _SECOND_PHASE not in name]
    except psycopg.OperationalError:
        raise NotReachable("Postgres", "DATABASE_URL") from None
    if missing:
        raise SchemaMissing(missing[0])
