"""Applies evidence: writes every report down once, and moves each message to the highest rung it proves."""

import logging
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline.clock import Clock
from messaging_pipeline.configuration import Configuration
from messaging_pipeline.consequences import write_consequences
from messaging_pipeline.db.pool import Pool, in_transaction
from messaging_pipeline.db.queries import sql
from messaging_pipeline.fallback.start import StepId, record_withdrawn, settle_fallbacks, start_fallbacks
from messaging_pipeline.follow.moved import Applied, Moved, decide, put_back
from messaging_pipeline.ids import ServiceKey
from messaging_pipeline.log import about
from messaging_pipeline.messages.state_machine import (
    ARRIVALS,
    FALLBACK_CAUSES,
    FINAL,
    LADDER,
    REPORTED_FAILURES,
    TWILIO_WORDS,
    Status,
)
from messaging_pipeline.metrics import record_report, record_report_lag, record_status
from messaging_pipeline.mms_links import promise_mms_links
from messaging_pipeline.number_lines import remember_landlines
from messaging_pipeline.outcomes import carriers_for, count_outcome
from messaging_pipeline.sealing import CannotUnseal, Sealer
from messaging_pipeline.traces.spans import span
from messaging_pipeline.twilio_api.error_table import look_up
from messaging_pipeline.twilio_api.outcome import Fault

_log = logging.getLogger(__name__)

#: What one report can do to a batch: a SID that is another message's, a plan that no key opens any more.
_SPOILT = (psycopg.IntegrityError, psycopg.DataError, CannotUnseal)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One report by Twilio about one of its messages.

    ``message_id`` is known when the callback's path named it, or once the SID has told us whose it is; so is
    ``attempt``, the number of the request that the report is about.
    """

    message_id: UUID | None
    tenant: str
    sid: str
    status: str
    error_code: int | None
    received_at: datetime
    attempt: int | None = None
    source: Literal["callback", "reconcile", "operator"] = "callback"


@dataclass(frozen=True, slots=True)
class Following:
    """Follows messages by what Twilio reports."""

    pool: Pool
    clock: Clock
    sealer: Sealer
    configuration: Configuration
    wake_fallbacks: Callable[[list[StepId]], None]
    wake_tellers: Callable[[Collection[ServiceKey]], None] = lambda _: None

    def apply(self, reports: Sequence[Evidence]) -> Applied:
        """Apply a batch in one transaction. Applying it again changes nothing.

        A report that cannot be applied is logged and counted, and costs the others nothing.
        """
        try:
            applied = in_transaction(self.pool, lambda connection: self.write(connection, reports))
        except _SPOILT as error:
            return self._apply_one_by_one(reports, error)
        self.announce(applied)
        self._time(reports)
        return applied

    def write(self, connection: Connection[TupleRow], reports: Sequence[Evidence]) -> Applied:
        """Write a batch inside the caller's transaction; announce what it returns after the commit."""
        now = self.clock.now()
        telling = [report for report in reports if report.status in TWILIO_WORDS]
        matched, unmatched = _match(connection, telling)
        _keep(connection, unmatched)
        check_at = now + timedelta(seconds=self.configuration.reconcile.ask_after_seconds[0])
        told, weighed, moved = _apply(connection, matched, check_at)
        decided = decide(moved, self.configuration, now)
        again = put_back(connection, decided, now)
        promise_mms_links(connection, self.sealer, self.configuration, decided, now)
        remember_landlines(connection, self.configuration, decided, now)
        failed = [one.id for one in moved if one.status in FALLBACK_CAUSES and one.id not in again]
        steps = start_fallbacks(connection, self.sealer, failed, now)
        settled = [one.id for one in moved if one.status in FINAL and one.has_fallback and one.id not in again]
        return Applied(
            moved=tuple(moved),
            steps=tuple(steps),
            withdrawn=tuple(settle_fallbacks(connection, settled, now)),
            counts={
                "new": told,
                "repeated": weighed - told,
                "unmatched": len(unmatched),
                "unknown_message": len(matched) - weighed,
                "unknown_status": len(reports) - len(telling),
                "tried_again": len(again),
            },
            consequences=(write_consequences(connection, decided, now),) if decided else (),
            carriers=carriers_for(connection, self.configuration, [one.outcome() for one in moved]),
        )

    def announce(self, applied: Applied) -> None:
        """Count what changed, and wake the fallbacks that it started and whoever tells of it."""
        now = self.clock.now()
        for one in applied.moved:
            record_status(one.service, one.status, (now - one.created_at).total_seconds())
            with span("apply", one.id, status=one.status, source=one.source, error_code=one.error_code):
                pass
            count_outcome(one.outcome(), applied.carriers)
        for kind, count in applied.counts.items():
            record_report(kind, count)
        for consequences in applied.consequences:
            consequences.announce()
        record_withdrawn(applied.withdrawn)
        self.wake_fallbacks(list(applied.steps))
        self.wake_tellers({one.service for one in applied.moved})

    def _time(self, reports: Sequence[Evidence]) -> None:
        now = self.clock.now()
        for report in reports:
            if report.source == "callback":
                record_report_lag((now - report.received_at).total_seconds())

    def _apply_one_by_one(self, reports: Sequence[Evidence], error: Exception) -> Applied:
        if len(reports) > 1:
            return _together([self.apply([report]) for report in reports])
        (report,) = reports
        with about(message_id=report.message_id):
            _log.error("%s of message %s cannot be applied: %s", report.sid, report.message_id, type(error).__name__)
        record_report("failed")
        return Applied((), (), {"failed": 1})


def _together(parts: Sequence[Applied]) -> Applied:
    return Applied(
        moved=tuple(one for part in parts for one in part.moved),
        steps=tuple(step for part in parts for step in part.steps),
        withdrawn=tuple(channel for part in parts for channel in part.withdrawn),
        counts=sum((Counter(part.counts) for part in parts), Counter[str]()),
        consequences=tuple(one for part in parts for one in part.consequences),
    )


def _match(connection: Connection[TupleRow], reports: Sequence[Evidence]) -> tuple[list[Evidence], list[Evidence]]:
    """Find the message of each report by its SID, unless its path has named it."""
    nameless = [report.sid for report in reports if report.message_id is None]
    owners: dict[tuple[str, str], tuple[UUID, int]] = {}
    if nameless:
        rows = connection.execute(sql("messages_by_sid"), {"sids": nameless}).fetchall()
        owners = {(tenant, sid): (message_id, number) for sid, tenant, message_id, number in rows}
    resolved = [_named(report, owners.get((report.tenant, report.sid))) for report in reports]
    return (
        [report for report in resolved if report.message_id is not None],
        [report for report in resolved if report.message_id is None],
    )


def _named(report: Evidence, owner: tuple[UUID, int] | None) -> Evidence:
    if report.message_id is not None or owner is None:
        return report
    return replace(report, message_id=owner[0], attempt=owner[1])


def _keep(connection: Connection[TupleRow], unmatched: Sequence[Evidence]) -> None:
    """Keep what nobody owns yet: the create's answer may still be on its way."""
    if unmatched:
        connection.execute(
            sql("keep_unmatched_callbacks"),
            {
                "tenants": [report.tenant for report in unmatched],
                "sids": [report.sid for report in unmatched],
                "statuses": [report.status for report in unmatched],
                "error_codes": [report.error_code or 0 for report in unmatched],
                "received_ats": [report.received_at for report in unmatched],
            },
        )


def _apply(
    connection: Connection[TupleRow], reports: Sequence[Evidence], check_at: datetime
) -> tuple[int, int, list[Moved]]:
    """Return how many reports were news, how many were about a message of ours, and what moved."""
    if not reports:
        return 0, 0, []
    reports = sorted(reports, key=lambda report: report.received_at)
    rows = connection.execute(
        sql("apply_evidence"),
        {
            "ladder_statuses": [rung.status.value for rung in LADDER],
            "ladder_ranks": [rung.rank for rung in LADDER],
            "arrivals": sorted(ARRIVALS),
            "final": sorted(FINAL),
            "check_at": check_at,
            "message_ids": [report.message_id for report in reports],
            "tenants": [report.tenant for report in reports],
            "sids": [report.sid for report in reports],
            "statuses": [_meaning(report).value for report in reports],
            "error_codes": [report.error_code for report in reports],
            "details": [_explanation(report.error_code) for report in reports],
            "received_ats": [report.received_at for report in reports],
            "attempts": [report.attempt for report in reports],
            "sources": [report.source for report in reports],
        },
    ).fetchall()
    return rows[0][0], rows[0][1], [Moved(*row[2:]) for row in rows if row[2] is not None]


def _meaning(report: Evidence) -> Status:
    """A failure for the reason that the recipient opted out is our `suppressed`."""
    status = Status(report.status)
    if status in REPORTED_FAILURES and report.error_code and look_up(report.error_code).fault is Fault.OPTED_OUT:
        return Status.SUPPRESSED
    return status


def _explanation(error_code: int | None) -> str | None:
    return look_up(error_code).explanation if error_code else None
