"""Asks about messages whose SIDs we know: by list where that is cheaper, one by one otherwise."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from messaging_pipeline.clock import Clock
from messaging_pipeline.configuration import ReconcilePolicy
from messaging_pipeline.db.pool import Pool
from messaging_pipeline.db.queries import sql
from messaging_pipeline.follow.apply_evidence import Evidence, Following
from messaging_pipeline.messages.state_machine import TWILIO_WORDS, Status, evidence_moves
from messaging_pipeline.reconcile.asked import QuietMessage, give_up, put_off_or_give_up
from messaging_pipeline.reconcile.cheaper import cheaper_to_list
from messaging_pipeline.reconcile.outbound import Told
from messaging_pipeline.reconcile.questions import NotAnswered, Questions
from messaging_pipeline.reconcile.report import Report
from messaging_pipeline.twilio_api.client import LARGEST_PAGE
from messaging_pipeline.twilio_api.remote_messages import Missing, RemoteMessage

_TOGETHER = timedelta(minutes=15)
"""Messages that left within this time of each other may be told by one list."""

_SENT_LATER_BY = timedelta(minutes=5)
"""How long after its attempt most messages have been sent. What was sent later is fetched."""

_GONE = "Twilio does not have this message any more; `{status}` is the last that it told"


@dataclass(frozen=True, slots=True)
class Checks:
    """Asks about a tenant's messages, and hands the answers on as evidence."""

    pool: Pool
    clock: Clock
    policy: ReconcilePolicy
    following: Following

    def ask_about(
        self,
        tenant: str,
        quiet: Sequence[QuietMessage],
        questions: Questions,
        report: Report,
        told_before: Mapping[str, Told],
    ) -> None:
        """Ask about each, except where a list has told a moment ago that it still stands where it stood."""
        told = [(message, told_before.get(message.sid or "")) for message in quiet]
        just_told = [(message, one) for message, one in told if one is not None and one.status == message.status]
        silent = [message for message, one in just_told if not one.is_news]
        asked_already = {message.sid for message, _ in just_told}
        wanted = {message.sid: message for message in quiet if message.sid and message.sid not in asked_already}
        answers = self._answers(tenant, wanted, questions)
        self._take(tenant, wanted, answers, silent, report)

    def _answers(
        self, tenant: str, wanted: Mapping[str, QuietMessage], questions: Questions
    ) -> dict[str, RemoteMessage | Missing]:
        answers: dict[str, RemoteMessage | Missing] = {}
        for window in _windows(wanted.values()):
            if cheaper_to_list(len(window), self._in_window(tenant, window)):
                answers |= _listed(window, questions)
        return answers | questions.fetch_all([sid for sid in wanted if sid not in answers])

    def _take(
        self,
        tenant: str,
        wanted: Mapping[str, QuietMessage],
        answers: Mapping[str, RemoteMessage | Missing],
        silent: Iterable[QuietMessage],
        report: Report,
    ) -> None:
        now = self.clock.now()
        gone = [wanted[sid] for sid, answer in answers.items() if isinstance(answer, Missing)]
        told = {sid: answer for sid, answer in answers.items() if isinstance(answer, RemoteMessage)}
        news = {sid: answer for sid, answer in told.items() if _is_news(wanted[sid].status, answer.status)}
        evidence = [_evidence(tenant, wanted[sid], answer, now) for sid, answer in news.items()]
        report.found("moved", len(self.following.apply(evidence).moved) if evidence else 0)
        unchanged = [*silent, *(wanted[sid] for sid in told if sid not in news)]
        report.found("unchanged", len(unchanged))
        report.found("given_up", put_off_or_give_up(self.pool, unchanged, self.policy, now))
        report.found("missing", give_up(self.pool, gone, [_GONE.format(status=one.status) for one in gone], now))

    def _in_window(self, tenant: str, window: Sequence[QuietMessage]) -> int:
        start, end = window[0].started_at, window[-1].started_at + _SENT_LATER_BY
        values = {"tenant": tenant, "start": start, "end": end, "limit": len(window) * LARGEST_PAGE}
        with self.pool.connection() as connection:
            row = connection.execute(sql("count_created_between"), values).fetchone()
        return int(row[0]) if row else 0


def _windows(quiet: Iterable[QuietMessage]) -> Iterator[list[QuietMessage]]:
    """Sort into spans of time whose messages may stand in one list."""
    ordered = sorted(quiet, key=_when_started)
    for _, window in groupby(ordered, key=lambda message: message.started_at.timestamp() // _TOGETHER.total_seconds()):
        yield list(window)


def _listed(window: Sequence[QuietMessage], questions: Questions) -> dict[str, RemoteMessage | Missing]:
    """Read the list of a window until all of its messages are told, or it costs as much as fetching them."""
    sids = {message.sid for message in window}
    told: dict[str, RemoteMessage | Missing] = {}
    start, end = window[0].started_at - _SENT_LATER_BY, window[-1].started_at + _SENT_LATER_BY
    try:
        for number, page in enumerate(questions.pages("list", sent_from=start, sent_until=end), start=1):
            told |= {message.sid: message for message in page.messages if message.sid in sids}
            if len(told) == len(sids) or number >= len(window):
                break
    except NotAnswered:
        pass  # what was not told is fetched, if anything is still answered
    return told


def _is_news(ours: str, theirs: str) -> bool:
    return theirs in TWILIO_WORDS and evidence_moves(Status(ours), Status(theirs))


def _evidence(tenant: str, message: QuietMessage, answer: RemoteMessage, now: datetime) -> Evidence:
    return Evidence(
        message_id=message.id,
        tenant=tenant,
        sid=answer.sid,
        status=answer.status,
        error_code=answer.error_code,
        received_at=now,
        attempt=message.attempts,
        source="reconcile",
    )


def _when_started(message: QuietMessage) -> datetime:
    return message.started_at
