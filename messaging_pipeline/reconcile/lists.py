"""Reads Twilio's lists for what never reached us: messages from people, and statuses."""

from dataclasses import dataclass

from messaging_pipeline.db.pool import Pool
from messaging_pipeline.db.queries import sql
from messaging_pipeline.reconcile.cheaper import expected_pages
from messaging_pipeline.reconcile.cursor import Span, tick_off
from messaging_pipeline.reconcile.inbound import Inbound
from messaging_pipeline.reconcile.outbound import Outbound, Told
from messaging_pipeline.reconcile.questions import NotAnswered, Questions
from messaging_pipeline.reconcile.report import Report
from messaging_pipeline.twilio_api.client import LARGEST_PAGE
from messaging_pipeline.twilio_api.remote_messages import RemoteMessage

_MOST_PAGES = 50
"""A slice with more pages is cut in two, so that what was read can be ticked off in between."""


@dataclass(frozen=True, slots=True)
class Lists:
    """Reads a tenant's list from where it was read to, and hands on what it tells."""

    pool: Pool
    outbound: Outbound
    inbound: Inbound

    def read(self, tenant: str, account_sid: str, span: Span, questions: Questions, report: Report) -> dict[str, Told]:
        """Read a span, oldest slice first, as far as Twilio answers; return what it told of ours."""
        told: dict[str, Told] = {}
        waiting = list(span.slices())
        try:
            while waiting:
                part = waiting.pop(0)
                halves = self._halves_of_a_long_one(tenant, part)
                halves = halves or self._read_slice(tenant, account_sid, part, questions, report, told)
                if halves is None:
                    tick_off(self.pool, tenant, part)
                else:
                    waiting[:0] = halves
        except NotAnswered:
            pass  # the next run goes on from what was ticked off
        return told

    def _halves_of_a_long_one(self, tenant: str, part: Span) -> tuple[Span, Span] | None:
        """Cut a slice in two before it is read, when what we sent alone makes it too long."""
        limit = _MOST_PAGES * LARGEST_PAGE
        values = {"tenant": tenant, "start": part.start, "end": part.end, "limit": limit}
        with self.pool.connection() as connection:
            row = connection.execute(sql("count_created_between"), values).fetchone()
        return part.halves() if row and expected_pages(row[0]) > _MOST_PAGES else None

    def _read_slice(
        self,
        tenant: str,
        account_sid: str,
        part: Span,
        questions: Questions,
        report: Report,
        told: dict[str, Told],
    ) -> tuple[Span, Span] | None:
        """Read a slice to its end and store what people wrote in it; return its halves when it is too long for that."""
        written: list[RemoteMessage] = []
        until = None if part.is_open else part.end
        for number, page in enumerate(questions.pages("list", sent_from=part.start, sent_until=until), start=1):
            told |= self.outbound.take(tenant, page.messages, part.news_from, report)
            written += [message for message in page.messages if message.is_inbound]
            if number >= _MOST_PAGES and page.next_page_url and (halves := part.halves()):
                return halves
        self.inbound.store_missing(tenant, account_sid, written, questions, report)
        return None
