"""Fills a store with millions of messages in minutes: rows first, indexes afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from typing import Any

from psycopg import Connection

from messaging_pipeline.db.queries import parse
from messaging_pipeline.sealing import Sealer
from tests.bench.side import BODY

_STATEMENTS = parse(resources.files("tests.bench").joinpath("seed.sql").read_text("utf-8"))

#: Every index that is not a constraint's, as the statement that makes it.
_INDEXES = """
select i.indexname, i.indexdef from pg_indexes i
where i.schemaname = 'public' and (i.tablename in ('messages', 'attempts') or i.tablename like 'message_events%')
  and not exists (select from pg_constraint c where c.conname = i.indexname)
"""


@dataclass(frozen=True, slots=True)
class Past:
    """How many messages there are, how many of the newest are due, and how many before these are ``sent``."""

    rows: int
    due: int
    sent: int


def seed(database: Connection[Any], sealer: Sealer, past: Past) -> None:
    """Fill an empty store with messages, their attempts and some of their events, and vacuum it."""
    values = {
        "rows": past.rows,
        "due": past.due,
        "sent": past.sent,
        "content": sealer.seal({"body": BODY, "media_urls": []}),
        "fingerprint": sealer.fingerprint(BODY),
    }
    database.execute("set maintenance_work_mem = '512MB'; set synchronous_commit = off")
    with _indexes_made_afterwards(database):
        for name in ("seed_messages", "seed_attempts", "seed_events"):
            statement = _STATEMENTS[name]
            database.execute(statement, values if "%(" in statement else None)
    database.execute("vacuum analyze")


@contextmanager
def _indexes_made_afterwards(database: Connection[Any]) -> Iterator[None]:
    indexes = database.execute(_INDEXES).fetchall()
    for name, _ in indexes:
        database.execute(f'drop index "{name}"')
    yield
    for _, definition in indexes:
        database.execute(definition)
