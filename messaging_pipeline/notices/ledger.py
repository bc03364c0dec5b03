"""What Postgres remembers of events for others: which are owed, in whose hands they are, and what came of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from messaging_pipeline.backoff import backoff_seconds
from messaging_pipeline.db.pool import Pool, in_transaction, patiently
from messaging_pipeline.db.queries import sql
from messaging_pipeline.notices.notice import Notice
from messaging_pipeline.policies.events import EventsPolicy

LEASE = timedelta(seconds=150)
"""How long a worker has for what it has claimed. A call takes up to 65 seconds, and none begins after half of it."""

_AT_ONCE = 20
_KEPT_FOR = timedelta(days=7)
_FORGOTTEN_AT_ONCE = 5_000
_LAPSED = "the worker stopped while it told, or took too long"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a claim of one event ends; ``called`` is whether anybody was called."""

    id: int
    state: str
    explanation: str | None = None
    due_at: datetime | None = None
    called: bool = True


@dataclass(frozen=True, slots=True)
class NoticeLedger:
    """Every change names the state it leaves; no transaction is open while somebody is told."""

    pool: Pool

    def claim(self, policy: str, wanted: EventsPolicy, lane: UUID, now: datetime) -> list[Notice]:
        """Take some events in hand, the oldest first; none when enough others do so, or the policy rests."""
        values = {
            "policy": policy,
            "tenant": wanted.tenant,
            "lane": lane,
            "most_at_once": wanted.most_at_once,
            "limit": _AT_ONCE,
            "now": now,
            "lease_until": now + LEASE,
        }

        def work(connection: Connection[TupleRow]) -> list[Notice]:
            connection.execute(sql("lock_policy"), {"policy": policy})
            with connection.cursor(row_factory=class_row(Notice)) as cursor:
                return cursor.execute(sql("claim_notices"), values).fetchall()

        return in_transaction(self.pool, work)

    def finish(self, lane: UUID, endings: Sequence[Ending], now: datetime) -> list[str]:
        """Write down how they ended; return what that was, but for those that were put back untouched."""
        endings = sorted(endings, key=lambda one: one.id)
        values = {
            "lane": lane,
            "ids": [one.id for one in endings],
            "states": [one.state for one in endings],
            "explanations": [one.explanation for one in endings],
            "due_ats": [one.due_at for one in endings],
            "called": [int(one.called) for one in endings],
            "now": now,
        }
        rows = patiently(
            lambda: in_transaction(
                self.pool, lambda connection: connection.execute(sql("finish_notices"), values).fetchall()
            )
        )
        return [state for state, called in rows if called or state != "waiting"]

    def rest(self, policy: str, now: datetime) -> None:
        """Tell nobody of a policy for a while: the longer, the more often it has failed in a row."""

        def work(connection: Connection[TupleRow]) -> None:
            row = connection.execute(sql("let_policy_rest"), {"policy": policy, "now": now}).fetchone()
            until = now + timedelta(seconds=backoff_seconds(1 if row is None else row[0]))
            connection.execute(sql("rest_policy_until"), {"policy": policy, "until": until})

        in_transaction(self.pool, work)

    def end_rest(self, policy: str) -> None:
        """Forget that a policy has failed: it works again."""
        with self.pool.connection() as connection:
            connection.execute(sql("end_rest_of_policy"), {"policy": policy})

    def look_after(self, policies: Sequence[str], now: datetime) -> list[str]:
        """Take back what lapsed, let go of what was told long ago, and return which policies have something due."""
        with self.pool.connection() as connection:
            connection.execute(sql("return_lapsed_notices"), {"now": now, "reason": _LAPSED})
            old = {"before": now - _KEPT_FOR, "limit": _FORGOTTEN_AT_ONCE}
            connection.execute(sql("forget_told_notices"), old)
            due = connection.execute(sql("policies_due"), {"policies": list(policies), "now": now}).fetchall()
        return [policy for (policy,) in due]
