"""Whether the encryption keys open what is stored."""

from collections.abc import Iterator

import psycopg
from psycopg_pool import PoolTimeout

from messaging_pipeline.db.pool import connect_once, open_pool
from messaging_pipeline.doctor.finding import Finding, error, ok, skipped
from messaging_pipeline.doctor.patient import Patient
from messaging_pipeline.resealing import Count, Resealing
from messaging_pipeline.sealing import Sealer
from messaging_pipeline.settings import required

SETTING = "MESSAGING_ENCRYPTION_KEYS"

_NAME = "messaging-pipeline-doctor"
_VALUES = 200


def check_sealed_values(patient: Patient) -> Iterator[Finding]:
    """Open the oldest values of each kind: those were sealed with the key that is missing first."""
    url = required(patient.settings.database_url, "DATABASE_URL")
    sealer = Sealer(patient.settings.sealing_keys())
    try:
        connect_once(url, _NAME).close()  # a pool would try for five seconds
        with open_pool(url, size=1, name=_NAME, checked=False) as pool:
            counts = list(Resealing(pool, sealer, page_rows=_VALUES).glance())
    except (psycopg.OperationalError, PoolTimeout):
        yield skipped(SETTING, "Postgres does not answer")
        return
    except psycopg.errors.UndefinedTable:
        yield skipped(SETTING, "the database has no schema yet")
        return
    yield from _judged(counts)


def _judged(counts: list[Count]) -> Iterator[Finding]:
    for count in counts:
        if count.unreadable:
            told = f"no key opens {count.unreadable} of {count.read} of the oldest {count.shelf.name}"
            yield error(SETTING, told, "add the key they were sealed with; `messaging-pipeline keys check` counts all")
    read, unreadable = sum(one.read for one in counts), sum(one.unreadable for one in counts)
    if not unreadable:
        yield ok(SETTING, f"opens the {read} oldest of what is stored" if read else "nothing is stored yet")
