"""Settles doubt: looks at Twilio for the messages that our doubtful attempts may have made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from messaging_pipeline.clock import Clock
from messaging_pipeline.configuration import Configuration
from messaging_pipeline.db.pool import Pool
from messaging_pipeline.db.queries import sql
from messaging_pipeline.follow.apply_evidence import Evidence, Following
from messaging_pipeline.reconcile.asked import QuietMessage
from messaging_pipeline.reconcile.match import (
    ANSWERED_WITHIN,
    CLOCKS_APART,
    Candidate,
    Doubtful,
    body_mark,
    match,
)
from messaging_pipeline.reconcile.out_of_time import OutOfTime
from messaging_pipeline.reconcile.questions import Questions
from messaging_pipeline.reconcile.report import Report
from messaging_pipeline.sealing import CannotUnseal, Sealer
from messaging_pipeline.twilio_api.remote_messages import RemoteMessage


@dataclass(frozen=True, slots=True)
class Doubts:
    """Searches, matches, binds; and leaves what it does not find to the service's policy.

    That nothing is found proves nothing: a list may lag, and a message may be created late.
    """

    pool: Pool
    clock: Clock
    sealer: Sealer
    configuration: Configuration
    following: Following
    out_of_time: OutOfTime

    def settle(self, tenant: str, quiet: Sequence[QuietMessage], questions: Questions, report: Report) -> None:
        """Look for each message in doubt. Of those that Twilio did not answer about, nothing is decided."""
        since: dict[str, datetime] = {}
        for message in quiet:
            since[message.to_number] = min(message.started_at, since.get(message.to_number, message.started_at))
        found = dict(questions.together(lambda number: _search(questions, number, since[number]), list(since)))
        if not found:
            return
        bound, undecided = self._bind(tenant, found, min(since.values()))
        report.found("bound", len(bound & {message.id for message in quiet}))
        for message in quiet:
            if message.to_number in found and message.id not in bound:
                self.out_of_time.consider(tenant, message, (message.id, message.attempts) in undecided, report)

    def _bind(
        self, tenant: str, found: Mapping[str, Sequence[RemoteMessage]], since: datetime
    ) -> tuple[set[UUID], set[tuple[UUID, int]]]:
        """Our own side is read after Twilio's: what was found there was written down here before it left."""
        attempts = self._doubtful(tenant, list(found), since)
        known = self._known([one.sid for messages in found.values() for one in messages], tenant)
        evidence: list[Evidence] = []
        undecided: set[tuple[UUID, int]] = set()
        for number, messages in found.items():
            unknown: dict[str, RemoteMessage] = {one.sid: one for one in messages if one.sid not in known}
            matched = match(attempts.get(number, []), [_candidate(one) for one in unknown.values() if one.date_created])
            undecided |= matched.undecided
            evidence += [self._evidence(tenant, ours, unknown[theirs.sid]) for ours, theirs in matched.bound]
        if evidence:
            self.following.apply(evidence)
        return {one.message_id for one in evidence if one.message_id}, undecided

    def _evidence(self, tenant: str, attempt: Doubtful, message: RemoteMessage) -> Evidence:
        return Evidence(
            message_id=attempt.message_id,
            tenant=tenant,
            sid=message.sid,
            status=message.status,
            error_code=message.error_code,
            received_at=self.clock.now(),
            attempt=attempt.attempt,
            source="reconcile",
        )

    def _doubtful(self, tenant: str, numbers: Sequence[str], since: datetime) -> dict[str, list[Doubtful]]:
        values = {"tenant": tenant, "numbers": list(numbers), "since": since - ANSWERED_WITHIN - CLOCKS_APART}
        with self.pool.connection() as connection:
            rows = connection.execute(sql("doubtful_attempts"), values).fetchall()
        by_number: dict[str, list[Doubtful]] = {}
        for message_id, number, started_at, outcome, service, to_number, from_number, content in rows:
            says = self._says(content)
            sender = self._sender(service, from_number)
            by_number.setdefault(to_number, []).append(
                Doubtful(
                    message_id=message_id,
                    attempt=number,
                    started_at=started_at,
                    body_mark=says[0],
                    has_media=says[1],
                    service_sid=sender[0],
                    from_number=sender[1],
                    may_be_bound=outcome == "unconfirmed" and says[0] is not None,
                )
            )
        return by_number

    def _says(self, content: bytes | None) -> tuple[bytes | None, bool]:
        """Our own text, as far as it is still there and a key opens it."""
        if content is None:
            return None, False
        try:
            says = self.sealer.unseal(content)
        except CannotUnseal:
            return None, False
        return body_mark(says["body"]), bool(says["media_urls"])

    def _sender(self, key: str, from_number: str | None) -> tuple[str | None, str | None]:
        service = self.configuration.services.get(key)
        if service is None:
            return None, from_number
        by_default = None if service.messaging_service_sid else service.from_number
        return service.messaging_service_sid, from_number or by_default

    def _known(self, sids: Sequence[str], tenant: str) -> set[str]:
        with self.pool.connection() as connection:
            rows = connection.execute(sql("known_sids"), {"sids": list(sids), "tenant": tenant}).fetchall()
        return {row[0] for row in rows}


def _search(questions: Questions, number: str, started_at: datetime) -> list[RemoteMessage]:
    """Read what went to a number, newest first, back to before the attempt.

    Not by DateSent: that would leave out what Twilio has not sent yet.
    """
    earliest = started_at - CLOCKS_APART - timedelta(seconds=1)
    found: list[RemoteMessage] = []
    for page in questions.pages("search", to=number):
        recent = [one for one in page.messages if one.date_created is None or one.date_created >= earliest]
        found += [one for one in recent if one.is_from_the_api]
        if len(recent) < len(page.messages):
            break
    return found


def _candidate(message: RemoteMessage) -> Candidate:
    assert message.date_created is not None, "only dated messages are candidates"  # noqa: S101
    return Candidate(
        sid=message.sid,
        created_at=message.date_created,
        body_mark=body_mark(message.body),
        has_media=message.num_media > 0,
        service_sid=message.messaging_service_sid,
        from_number=message.from_,
    )
