"""Reads Twilio's lists for what never reached us: messages from people, and statuses."""

from dataclasses import dataclass

from messaging_pipeline.db.pool import Pool
from messaging_pipeline.reconcile.cursor import Span, tick_off
from messaging_pipeline.reconcile.inbound import Inbound
from messaging_pipeline.reconcile.outbound import Outbound
from messaging_pipeline.reconcile.questions import NotAnswered, Questions
from messaging_pipeline.reconcile.report import Report
from messaging_pipeline.twilio_api.remote_messages import RemoteMessage

_MOST_PAGES = 50
"""A slice with more pages is cut in two, so that what was read can be ticked off in between."""


@dataclass(frozen=True, slots=True)
class Lists:
    """Reads a tenant's list from where it was read to, and hands on what it tells."""

    pool: Pool
    outbound: Outbound
    inbound: Inbound

    def read(self, tenant: str, account_sid: str, span: Span, questions: Questions, report: Report) -> dict[str, str]:
        """Read a span, oldest slice first, as far as Twilio answers; return its word for each message of ours."""
        told: dict[str, str] = {}
        waiting = list(span.slices())
        try:
            while waiting:
                part = waiting.pop(0)
                halves = self._read_slice(tenant, account_sid, part, questions, report, told)
                if halves is None:
                    tick_off(self.pool, tenant, part)
                else:
                    waiting[:0] = halves
        except NotAnswered:
            pass  # the next run goes on from what was ticked off
        return told

    def _read_slice(
        self,
        tenant: str,
        account_sid: str,
        part: Span,
        questions: Questions,
        report: Report,
        told: dict[str, str],
    ) -> tuple[Span, Span] | None:
        """Read a slice to its end and store what people wrote in it; return its halves when it is too long for that."""
        written: list[RemoteMessage] = []
        for number, page in enumerate(questions.pages("list", sent_from=part.start, sent_until=part.end), start=1):
            told |= self.outbound.take(tenant, page.messages, part.news_from, report)
            written += [message for message in page.messages if message.is_inbound]
            if number >= _MOST_PAGES and page.next_page_url and (halves := part.halves()):
                return halves
        self.inbound.store_missing(tenant, account_sid, written, questions, report)
        return None
