"""What a list tells about messages that were sent: news of ours, and how many there are that are not ours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from messaging_pipeline.clock import Clock
from messaging_pipeline.db.pool import Pool
from messaging_pipeline.db.queries import sql
from messaging_pipeline.follow.apply_evidence import Evidence, Following
from messaging_pipeline.messages.state_machine import ARRIVALS, TWILIO_WORDS, Status, evidence_moves
from messaging_pipeline.reconcile.report import Report
from messaging_pipeline.twilio_api.remote_messages import RemoteMessage

_IN_DOUBT_FOR = timedelta(days=1)
"""What was made by an attempt that has been in doubt for longer counts as foreign, until somebody resolves it."""


@dataclass(frozen=True, slots=True)
class Told:
    """Twilio's word for a message of ours, and whether it was news."""

    status: str
    is_news: bool


@dataclass(frozen=True, slots=True)
class _Known:
    """The attempt that made a message, and where its message stands."""

    message_id: UUID
    attempt: int
    status: str
    live_from: int

    def has_news(self, status: str) -> bool:
        """Tell whether Twilio's word would move it; about a superseded attempt, only an arrival does."""
        if status not in TWILIO_WORDS or not evidence_moves(Status(self.status), Status(status)):
            return False
        return self.attempt >= self.live_from or status in ARRIVALS


@dataclass(frozen=True, slots=True)
class Outbound:
    """Hands on, as evidence, what would move a message; the rest is known already."""

    pool: Pool
    clock: Clock
    following: Following

    def take(
        self, tenant: str, messages: Sequence[RemoteMessage], news_from: datetime, report: Report
    ) -> dict[str, Told]:
        """Take in a page; return what it told of each message of ours. What is foreign is counted, not stored."""
        sent = [message for message in messages if not message.is_inbound]
        known = self._known(tenant, sent)
        ours = [message for message in sent if message.sid in known]
        told: dict[str, Told] = {one.sid: Told(one.status, known[one.sid].has_news(one.status)) for one in ours}
        evidence = [self._evidence(tenant, known[one.sid], one) for one in ours if told[one.sid].is_news]
        report.found("moved", len(self.following.apply(evidence).moved) if evidence else 0)
        report.found("foreign", self._foreign(tenant, [one for one in sent if one.sid not in known], news_from))
        return told

    def _known(self, tenant: str, messages: Sequence[RemoteMessage]) -> dict[str, _Known]:
        if not messages:
            return {}
        values = {"tenant": tenant, "sids": [message.sid for message in messages]}
        with self.pool.connection() as connection:
            rows = connection.execute(sql("known_sids"), values).fetchall()
        return {row[0]: _Known(*row[1:]) for row in rows}

    def _foreign(self, tenant: str, unknown: Sequence[RemoteMessage], news_from: datetime) -> int:
        """Count what other programs have made; what an attempt of ours in doubt may have made is not among it."""
        new = [one for one in unknown if one.is_from_the_api and (one.date_sent or news_from) >= news_from]
        if not new:
            return 0
        values = {"tenant": tenant, "numbers": sorted({one.to for one in new}), "since": news_from - _IN_DOUBT_FOR}
        with self.pool.connection() as connection:
            in_doubt = {row[5] for row in connection.execute(sql("doubtful_attempts"), values).fetchall()}
        return sum(one.to not in in_doubt for one in new)

    def _evidence(self, tenant: str, known: _Known, message: RemoteMessage) -> Evidence:
        return Evidence(
            message_id=known.message_id,
            tenant=tenant,
            sid=message.sid,
            status=message.status,
            error_code=message.error_code,
            received_at=self.clock.now(),
            attempt=known.attempt,
            source="reconcile",
        )
