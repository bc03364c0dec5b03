"""Keeps the demonstration away from servers that real messages live on."""

from collections.abc import Mapping

import psycopg

from messaging_pipeline.db.queries import sql
from messaging_pipeline.errors import InvalidSettings, NotReachable
from messaging_pipeline.stack.child_environment import is_set

_REMEDY = "unset DATABASE_URL, REDIS_URL and CELERY_BROKER_URL, and the demonstration starts servers of its own"


def refuse_real_ground(given: Mapping[str, str]) -> None:
    """Refuse servers where somebody else's workers could send what the demonstration hands over.

    Raises InvalidSettings, or NotReachable when the database does not answer.
    """
    if is_set(given, "DATABASE_URL"):
        if _holds_real_messages(given["DATABASE_URL"].strip()):
            raise InvalidSettings(
                "DATABASE_URL", "leads to a database with messages that are not a demonstration's", _REMEDY
            )
        return
    for name in ("REDIS_URL", "CELERY_BROKER_URL"):
        if is_set(given, name):
            raise InvalidSettings(name, "is set while DATABASE_URL is not: its workers write elsewhere", _REMEDY)


def _holds_real_messages(database_url: str) -> bool:
    try:
        with psycopg.connect(database_url, connect_timeout=5) as connection:
            if connection.execute(sql("messages_are_kept_here")).fetchone() != (True,):
                return False
            return connection.execute(sql("holds_real_messages")).fetchone() == (True,)
    except psycopg.OperationalError:
        raise NotReachable("Postgres", "DATABASE_URL") from None
