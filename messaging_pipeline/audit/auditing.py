"""Runs every rule over the messages of a time, in one snapshot, a page of them at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline.audit.deadlines import IN_TIME
from messaging_pipeline.audit.life import Life
from messaging_pipeline.audit.memory import (
    ATTEMPTS_ARE_COUNTED,
    BEGINS_WITH_ACCEPTANCE,
    FALLBACK_HAS_A_CAUSE,
    SID_IS_KNOWN,
    STATUS_IS_PROVEN,
)
from messaging_pipeline.audit.reading import Window, orphans, pages
from messaging_pipeline.audit.rule import Finding, Rule
from messaging_pipeline.audit.sending import ONE_REQUEST_UNDER_WAY, SENT_ONCE, SILENT_AFTER_A_STOP
from messaging_pipeline.clock import Clock
from messaging_pipeline.db.pool import Pool
from messaging_pipeline.db.queries import sql

RULES: tuple[Rule, ...] = (
    SENT_ONCE,
    ONE_REQUEST_UNDER_WAY,
    SILENT_AFTER_A_STOP,
    IN_TIME,
    STATUS_IS_PROVEN,
    ATTEMPTS_ARE_COUNTED,
    SID_IS_KNOWN,
    BEGINS_WITH_ACCEPTANCE,
    FALLBACK_HAS_A_CAUSE,
)
"""What holds for each message by itself."""

NOTHING_WITHOUT_A_MESSAGE = "nothing_without_a_message"
_ORPHANS = "No attempt and no line of history is without its message."


@dataclass(frozen=True, slots=True)
class Auditing:
    """Holds live data against the rules; others may go on writing meanwhile."""

    pool: Pool
    clock: Clock

    def run(self, since: timedelta, tenant: str | None = None) -> list[Finding]:
        """Audit the messages accepted within the time ``since``, all or one tenant's, and say what was found."""
        now = self.clock.now()
        window = Window(now - since, tenant)
        with self.pool.connection() as connection, connection.transaction():
            connection.execute(sql("audit_in_one_snapshot"))
            connection.execute(sql("audit_without_hurry"))
            connection.execute(sql("audit_with_every_month"))
            findings = _held_against_the_rules(connection, window, now)
            return findings if tenant else [*findings, _without_a_message(connection, window)]

    def count(self, since: timedelta) -> Mapping[str, int]:
        """Audit, and return how often each rule is broken."""
        return {finding.rule: finding.found for finding in self.run(since)}


def _held_against_the_rules(connection: Connection[TupleRow], window: Window, now: datetime) -> list[Finding]:
    findings = [Finding(rule.name, rule.sentence) for rule in RULES]
    for lives in pages(connection, window):
        for rule, finding in zip(RULES, findings, strict=True):
            _hold_against(rule, lives, now, finding)
    return findings


def _hold_against(rule: Rule, lives: Sequence[Life], now: datetime, finding: Finding) -> None:
    finding.checked += len(lives)
    for life in lives:
        for detail in rule.check(life, now):
            finding.add(life.message.id, detail)


def _without_a_message(connection: Connection[TupleRow], window: Window) -> Finding:
    """The lines of another tenant's messages cannot be told from those of none: so this is for all tenants only."""
    checked, found = orphans(connection, window)
    finding = Finding(NOTHING_WITHOUT_A_MESSAGE, _ORPHANS, checked)
    for message_id, what in found:
        finding.add(message_id, what)
    return finding
