"""What Postgres remembers of codes that Twilio Verify makes: no number and no code, only that one was asked for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import class_row

from messaging_pipeline.db.pool import Pool
from messaging_pipeline.db.queries import sql
from messaging_pipeline.errors import NotAllowed, NotFound
from messaging_pipeline.ids import new_message_id

#: Longer than a request and its answer can take.
_LEASE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Verification:
    """One code that Twilio was asked for.

    ``leaving``: the request is under way. ``pending``: the code has gone out. ``refused``: Twilio does not send one.
    ``not_sent``: nothing left; the same key may be tried again. ``unconfirmed``: the answer was lost, and a code may
    have gone out. ``approved``: it came back. ``gone``: it was used, expired, or guessed at too often.
    """

    id: UUID
    tenant: str
    channel: str
    state: str
    attempts: int
    sid: str | None
    explanation: str | None
    created_at: datetime
    fingerprint: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class VerificationBook:
    """Every change names the state it leaves; no transaction is open while Twilio is asked."""

    pool: Pool

    def open(self, tenant: str, key: str, channel: str, fingerprint: bytes, now: datetime) -> tuple[Verification, bool]:
        """Write a start down; return it, and whether it is ours to send. A known key brings what it was used for."""
        values = {
            "id": new_message_id(),
            "tenant": tenant,
            "key": key,
            "channel": channel,
            "fingerprint": fingerprint,
            "now": now,
            "doubt": now - _LEASE,
        }
        opened = self._one(sql("open_verification"), values)
        if opened is not None:
            return opened, True
        known = self._one(sql("verification_with_key"), values)
        if known is None:
            raise NotAllowed("the verification with this idempotency_key was forgotten just now; try again")
        return known, False

    def open_again(self, known: Verification, now: datetime) -> Verification | None:
        """Let a start leave again that was certainly not sent; None when somebody else does."""
        values = {"id": known.id, "attempts": known.attempts, "now": now}
        return self._one(sql("open_verification_again"), values)

    def finish(self, started: Verification, state: str, sid: str | None, explanation: str | None) -> None:
        """Write down what became of a start."""
        values = {
            "id": started.id,
            "attempts": started.attempts,
            "state": state,
            "sid": sid,
            "explanation": explanation,
        }
        with self.pool.connection() as connection:
            connection.execute(sql("finish_verification"), values)

    def note_check(self, verification: Verification, state: str, sid: str | None) -> None:
        """Write down that a code came back, or cannot any more."""
        with self.pool.connection() as connection:
            values = {"id": verification.id, "state": state, "sid": sid}
            connection.execute(sql("note_verification_check"), values)

    def get(self, verification_id: UUID, tenant: str, now: datetime) -> Verification:
        """Return a tenant's verification; raises NotFound."""
        found = self._one(sql("verification"), {"id": verification_id, "tenant": tenant, "doubt": now - _LEASE})
        if found is None:
            raise NotFound("verification", str(verification_id))
        return found

    def newest(self, tenant: str, limit: int, now: datetime) -> list[Verification]:
        """Return a tenant's verifications, newest first."""
        values = {"tenant": tenant, "limit": limit, "doubt": now - _LEASE}
        with self.pool.connection() as connection, connection.cursor(row_factory=class_row(Verification)) as cursor:
            return cursor.execute(sql("list_verifications"), values).fetchall()

    def _one(self, statement: LiteralString, values: Mapping[str, Any]) -> Verification | None:
        with self.pool.connection() as connection, connection.cursor(row_factory=class_row(Verification)) as cursor:
            return cursor.execute(statement, values).fetchone()
