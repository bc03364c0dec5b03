"""Messages that evidence has moved, and what is decided about those that failed or arrived."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline.configuration import Configuration
from messaging_pipeline.consequences import Consequences, Decided
from messaging_pipeline.db.queries import sql
from messaging_pipeline.decide.next_step import Step, next_step
from messaging_pipeline.decide.policy import History, Policy
from messaging_pipeline.fallback.start import StepId
from messaging_pipeline.ids import E164, MessageId, ServiceKey, TenantKey
from messaging_pipeline.messages.state_machine import ARRIVALS, REPORTED_FAILURES, Status
from messaging_pipeline.outcomes import Carriers, Outcome
from messaging_pipeline.twilio_api.outcome import FailedLater


@dataclass(frozen=True, slots=True)
class Moved:
    """A message that reached a new status, and what a decision about it depends on."""

    id: MessageId
    tenant: TenantKey
    service: ServiceKey
    status: str
    created_at: datetime
    has_fallback: bool
    to_number: E164
    names_its_sender: bool
    sid: str | None
    error_code: int | None
    attempts: int
    retries: int
    expires_at: datetime | None
    source: Literal["callback", "reconcile", "operator"]

    def history(self) -> History:
        """What was tried for it until now."""
        return History(self.attempts, self.retries, self.names_its_sender, self.expires_at)

    def outcome(self) -> Outcome:
        """What became of it, to be counted."""
        return Outcome(self.tenant, self.service, self.to_number, self.status, self.error_code)


@dataclass(frozen=True, slots=True)
class Applied:
    """What a batch of evidence changed, to be announced after the commit.

    ``counts`` tells what each report was, ``withdrawn`` the channels of fallback steps that nobody needs any more,
    ``carriers`` whose networks the recipients of what ended are in.
    """

    moved: tuple[Moved, ...]
    steps: tuple[StepId, ...]
    counts: Mapping[str, int]
    consequences: tuple[Consequences, ...] = ()
    withdrawn: tuple[str, ...] = ()
    carriers: Carriers = field(default_factory=dict)


def decide(moved: Sequence[Moved], configuration: Configuration, now: datetime) -> list[Decided]:
    """Decide about the messages that failed or arrived; the others are still on their way."""
    return [
        Decided(one.id, one.tenant, one.service, one.to_number, step, one.source, one.sid)
        for one in moved
        if (step := _step(one, configuration, now)) is not None
    ]


def put_back(connection: Connection[TupleRow], decided: Sequence[Decided], now: datetime) -> frozenset[MessageId]:
    """Give another attempt to the messages that are to have one; return their ids."""
    again = [one for one in decided if one.step.status is Status.PENDING]
    if not again:
        return frozenset()
    rows = connection.execute(
        sql("put_back"),
        {
            "message_ids": [one.message_id for one in again],
            "due_ats": [one.step.due_at for one in again],
            "spent": [int(one.step.spends_retry) for one in again],
            "reasons": [f"another attempt follows: {one.step.explanation}" for one in again],
            "now": now,
        },
    ).fetchall()
    return frozenset(MessageId(message_id) for (message_id,) in rows)


def _step(one: Moved, configuration: Configuration, now: datetime) -> Step | None:
    status = Status(one.status)
    if status in ARRIVALS:
        return Step("accepted", status)
    if status not in REPORTED_FAILURES and status is not Status.SUPPRESSED:
        return None
    word: Literal["undelivered", "failed"] = "undelivered" if status is Status.UNDELIVERED else "failed"
    policy = Policy.of(configuration.services.get(one.service))
    return next_step(FailedLater(word, one.error_code), one.history(), policy, now)
