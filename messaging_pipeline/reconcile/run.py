"""One run of reconciliation: the lists, then what has gone quiet, tenant by tenant, within its limits."""

import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from messaging_pipeline.clock import Clock
from messaging_pipeline.configuration import Configuration
from messaging_pipeline.db.pool import Pool
from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.ids import TenantKey
from messaging_pipeline.metrics import record_reconcile_finding
from messaging_pipeline.reconcile.alone import alone_with
from messaging_pipeline.reconcile.asked import QuietMessage, all_quiet, claim_checks
from messaging_pipeline.reconcile.checks import Checks
from messaging_pipeline.reconcile.cursor import span_to_read
from messaging_pipeline.reconcile.doubts import Doubts
from messaging_pipeline.reconcile.lists import Lists
from messaging_pipeline.reconcile.outbound import Told
from messaging_pipeline.reconcile.questions import Questions, requests_at_once
from messaging_pipeline.reconcile.report import Limits, Report
from messaging_pipeline.services.lines import Lines
from messaging_pipeline.twilio_api.accounts import Accounts

_log = logging.getLogger(__name__)

EVERY_MINUTE = Limits(requests=200, seconds=40)
"""What a run that beat starts may cost; the next one goes on where it ended."""

TO_COMPLETION = Limits(throttled_tries=6, patience_seconds=60)
"""What a run may cost that an operator waits for."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a run is to ask: what is due, or ``everything``, with the lists ``since`` then and not where they stood."""

    everything: bool = False
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reconciling:
    """Brings home what Twilio knows and we do not."""

    pool: Pool
    clock: Clock
    configuration: Configuration
    accounts: Accounts
    lines: Lines
    lists: Lists
    checks: Checks
    doubts: Doubts

    def run(
        self,
        limits: Limits = EVERY_MINUTE,
        *,
        wanted: Wanted = Wanted(),
        tenants: Collection[str] | None = None,
    ) -> Report:
        """Run once for each tenant, or for these; a tenant that another process is busy with is left to it."""
        report = Report()
        for tenant in sorted(self.configuration.tenants if tenants is None else tenants):
            with alone_with(self.pool, tenant, patience_seconds=limits.patience_seconds) as is_ours:
                if is_ours:
                    self._run_alone(tenant, limits, wanted, report)
                else:
                    report.busy.append(tenant)
        for kind, count in report.findings.items():
            record_reconcile_finding(kind, count)
        return report

    def _run_alone(self, tenant: str, limits: Limits, wanted: Wanted, report: Report) -> None:
        try:
            twilio = self.accounts.of(tenant)
        except InvalidSettings as error:
            _log.error("tenant %s cannot be reconciled: %s", tenant, error)
            report.endings[tenant] = "refused"
            return
        at_once = requests_at_once(self.configuration.tenants[tenant])
        line = partial(self.lines.one_of, TenantKey(tenant))
        listing = Questions(twilio, at_once, _half(limits), line)
        told = self._read_lists(tenant, listing, wanted, report)
        asking = Questions(twilio, at_once, _rest(limits, listing), line)
        if listing.ending in {None, "limit"}:
            self._ask(tenant, asking, wanted, told, report)
        _add_up(tenant, (listing, asking), report)

    def _read_lists(self, tenant: str, questions: Questions, wanted: Wanted, report: Report) -> dict[str, Told]:
        span = span_to_read(
            self.pool,
            tenant,
            self.configuration.reconcile,
            self.clock.now(),
            since=wanted.since,
            at_once=wanted.everything,
        )
        if span is None:
            return {}
        return self.lists.read(tenant, self.configuration.tenants[tenant].account_sid, span, questions, report)

    def _ask(self, tenant: str, questions: Questions, wanted: Wanted, told: dict[str, Told], report: Report) -> None:
        for quiet in all_quiet(self.pool, tenant) if wanted.everything else self._due(tenant):
            in_doubt = [message for message in quiet if message.in_doubt]
            self.doubts.settle(tenant, in_doubt, questions, report)
            known = [message for message in quiet if not message.in_doubt]
            self.checks.ask_about(tenant, known, questions, report, told)
            if questions.ending is not None:
                return

    def _due(self, tenant: str) -> Iterable[list[QuietMessage]]:
        while due := claim_checks(self.pool, tenant, self.clock.now()):
            yield due


def _half(limits: Limits) -> Limits:
    """The lists must not use up what single messages need, however much there is to read."""
    return replace(
        limits,
        requests=None if limits.requests is None else max(1, limits.requests // 2),
        seconds=None if limits.seconds is None else limits.seconds / 2,
    )


def _rest(limits: Limits, spent: Questions) -> Limits:
    return replace(
        limits,
        requests=None if limits.requests is None else limits.requests - spent.asked,
        seconds=None if limits.seconds is None else limits.seconds / 2,
    )


def _add_up(tenant: str, parts: Iterable[Questions], report: Report) -> None:
    for part in parts:
        report.requests += part.asked
        report.not_asked += part.unanswered
        if part.ending is not None:
            report.endings[tenant] = part.ending
