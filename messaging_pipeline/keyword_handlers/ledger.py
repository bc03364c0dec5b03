"""What Postgres remembers of calls: which are owed, in whose hands they are, and what came of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from messaging_pipeline.db.pool import Pool, in_transaction, patiently
from messaging_pipeline.db.queries import sql
from messaging_pipeline.keyword_handlers.start import CallId

LEASE = timedelta(seconds=120)
"""How long a worker has for a call before another one makes it again."""

STATES = ("waiting", "claimed", "handled", "answered", "unanswered", "failed")
"""Where a call can stand, from the first to the last."""

_MORE_ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class ClaimedCall:
    """A call in this worker's hands; ``attempts`` tells this claim from others."""

    tenant: str
    sid: str
    service: str
    word: str
    attempts: int
    most_attempts: int
    payload: bytes | None


@dataclass(frozen=True, slots=True)
class Ending:
    """How a claim ends."""

    state: str
    explanation: str | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CallLedger:
    """Every change names the state it leaves; no transaction is open while a handler works."""

    pool: Pool

    def claim(self, call: CallId, now: datetime) -> ClaimedCall | None:
        """Take a call in hand; None when it is done, not due, or in other hands."""
        values = {"tenant": call.tenant, "sid": call.sid, "now": now, "lease_until": now + LEASE}
        with self.pool.connection() as connection, connection.cursor(row_factory=class_row(ClaimedCall)) as cursor:
            return cursor.execute(sql("claim_keyword_call"), values).fetchone()

    def finish(self, claimed: ClaimedCall, ending: Ending, now: datetime) -> bool:
        """Write down how it ended; False when somebody else has it in hand by now."""
        values = {
            "tenant": claimed.tenant,
            "sid": claimed.sid,
            "attempts": claimed.attempts,
            "state": ending.state,
            "explanation": ending.explanation,
            "due_at": ending.due_at,
            "now": now,
        }
        return patiently(
            lambda: in_transaction(
                self.pool,
                lambda connection: connection.execute(sql("finish_keyword_call"), values).fetchone() is not None,
            )
        )


def retry_call(connection: Connection[TupleRow], call: CallId) -> bool:
    """Owe a failed call once more; return whether it had failed."""
    values = {"tenant": call.tenant, "sid": call.sid, "more": _MORE_ATTEMPTS}
    return connection.execute(sql("retry_keyword_call"), values).fetchone() is not None
