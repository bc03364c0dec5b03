"""What Postgres remembers of texts that have to go from Twilio: which are owed, and what became of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow, class_row, dict_row

from messaging_pipeline.db.pool import Pool
from messaging_pipeline.db.queries import sql

STATES = ("waiting", "claimed", "done", "failed")
"""Where a redaction can stand."""

#: Longer than one message takes: twelve requests with their time-outs.
_LEASE = timedelta(seconds=180)


@dataclass(frozen=True, slots=True)
class ClaimedRedaction:
    """A message at Twilio in this worker's hands; ``attempts`` tells this claim from others."""

    tenant: str
    sid: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Ending:
    """How a claim ends; ``due_at`` is when it is tried again, if it is."""

    state: str
    explanation: str
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RedactionLedger:
    """Every change names the state it leaves; no transaction is open while Twilio is asked."""

    pool: Pool

    def owe_what_has_ended(self, tenant: str, since: datetime, now: datetime, limit: int) -> int:
        """Owe what has ended, or come, since then and is not owed yet; return how many that were."""
        values = {"tenant": tenant, "since": since, "now": now, "limit": limit}
        with self.pool.connection() as connection:
            sent = connection.execute(sql("owe_redactions_of_ended"), values).rowcount
            return sent + connection.execute(sql("owe_redactions_of_received"), values).rowcount

    def claim(self, tenant: str, now: datetime) -> ClaimedRedaction | None:
        """Take in hand what has waited longest; None when nothing is due."""
        values = {"tenant": tenant, "now": now, "lease_until": now + _LEASE}
        with self.pool.connection() as connection, connection.cursor(row_factory=class_row(ClaimedRedaction)) as cursor:
            return cursor.execute(sql("claim_redaction"), values).fetchone()

    def finish(self, claimed: ClaimedRedaction, ending: Ending, now: datetime) -> bool:
        """Write down how it ended; False when another has taken it since."""
        values = {
            "tenant": claimed.tenant,
            "sid": claimed.sid,
            "attempts": claimed.attempts,
            "state": ending.state,
            "explanation": ending.explanation,
            "due_at": ending.due_at,
            "now": now,
        }
        with self.pool.connection() as connection:
            return connection.execute(sql("finish_redaction"), values).rowcount == 1

    def return_lapsed(self, now: datetime) -> None:
        """Put back what a worker held when it died; doing it again does no harm."""
        with self.pool.connection() as connection:
            connection.execute(sql("return_lapsed_redactions"), {"now": now})


def owe_for_messages(connection: Connection[TupleRow], ids: Sequence[UUID], now: datetime) -> int:
    """Owe what Twilio has of our messages, each attempt; return how many. The caller's transaction commits."""
    return connection.execute(sql("owe_redactions_of_messages"), {"ids": list(ids), "now": now}).rowcount if ids else 0


def owe_for_inbound(connection: Connection[TupleRow], tenant: str, sids: Sequence[str], now: datetime) -> int:
    """Owe what Twilio has of what people wrote; return how many. The caller's transaction commits."""
    values = {"tenant": tenant, "sids": list(sids), "now": now}
    return connection.execute(sql("owe_redactions_of_inbound"), values).rowcount if sids else 0


def retry_failed(connection: Connection[TupleRow], tenant: str, sids: Sequence[str] | None, now: datetime) -> int:
    """Owe once more what has failed, of these SIDs or (None) all; return how many. The caller's transaction commits."""
    values = {"tenant": tenant, "sids": None if sids is None else list(sids), "now": now}
    return connection.execute(sql("retry_redactions"), values).rowcount


def list_redactions(
    connection: Connection[TupleRow], tenant: str, *, state: str | None, limit: int
) -> list[dict[str, Any]]:
    """Return a tenant's redactions for people, newest first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        values = {"tenant": tenant, "state": state, "limit": limit}
        return cursor.execute(sql("list_redactions"), values).fetchall()
