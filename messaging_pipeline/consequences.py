"""What a decision about one message means for others: a service held, a pace lowered, an opt-out written down.

Store functions take the connection of whoever decided, after the messages are locked; what is to be counted and
logged is announced after the commit.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline.consent.ledger import OptOut, Withdrawal, withdraw
from messaging_pipeline.decide.next_step import Step
from messaging_pipeline.ids import E164, MessageId, ServiceKey, TenantKey
from messaging_pipeline.messages.phone_numbers import is_e164
from messaging_pipeline.messages.state_machine import ARRIVALS, Status
from messaging_pipeline.metrics import (
    record_invalid_number,
    record_opt_out,
    record_service_held,
    record_slow_down,
)
from messaging_pipeline.number_health import record_heard
from messaging_pipeline.services.pace import PaceName, pace_of_account, pace_of_service
from messaging_pipeline.services.steer import hold, slow_down

_log = logging.getLogger(__name__)

_UNKNOWN_NUMBER = 30005
"""The carrier does not know the number (https://www.twilio.com/docs/api/errors/30005)."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision, about whose message it was, and where it was heard."""

    message_id: MessageId
    tenant: TenantKey
    service: ServiceKey
    to_number: E164
    step: Step
    source: Literal["create", "callback", "reconcile", "operator"]
    sid: str | None = None


@dataclass(frozen=True, slots=True)
class Consequences:
    """What changed for others."""

    held: tuple[tuple[ServiceKey, str], ...] = ()
    slowed: tuple[PaceName, ...] = ()
    opted_out: tuple[OptOut, ...] = ()
    invalid_numbers: int = 0

    def announce(self) -> None:
        """Count and log it, after the commit."""
        for service, reason in self.held:
            record_service_held(service)
            _log.error("service %s is held: %s Mend it, then `messaging-pipeline services resume`", service, reason)
        for name in self.slowed:
            record_slow_down(name)
            _log.warning("%s goes slower: a limit was met", name)
        for one in self.opted_out:
            record_opt_out(one.source)
        record_invalid_number(self.invalid_numbers)


def has_consequences(step: Step) -> bool:
    """Tell whether a decision concerns anything but its own message."""
    return step.holds or step.slows is not None or step.status is Status.SUPPRESSED


def write_consequences(connection: Connection[TupleRow], decided: Sequence[Decided], now: datetime) -> Consequences:
    """Write down what decisions mean for others; about a number that has gone, nothing can be."""
    about_numbers = [one for one in decided if is_e164(one.to_number)]
    return Consequences(
        opted_out=tuple(withdraw(connection, _withdrawals(about_numbers), now)),
        invalid_numbers=_write_health(connection, about_numbers, now),
        held=tuple(_hold(connection, decided, now)),
        slowed=tuple(slow_down(connection, names, now)) if (names := _paces(decided)) else (),
    )


def _withdrawals(decided: Sequence[Decided]) -> list[Withdrawal]:
    return [
        Withdrawal(
            tenant=one.tenant,
            scope=one.service,
            number=one.to_number,
            source=one.source,
            sid=one.sid,
            message_id=one.message_id,
            error_code=one.step.error_code,
        )
        for one in decided
        if one.step.status is Status.SUPPRESSED
    ]


def _write_health(connection: Connection[TupleRow], decided: Sequence[Decided], now: datetime) -> int:
    unknown = [
        (one.tenant, one.to_number, _UNKNOWN_NUMBER) for one in decided if one.step.error_code == _UNKNOWN_NUMBER
    ]
    reached = [(one.tenant, one.to_number) for one in decided if one.step.status in ARRIVALS]
    return len(record_heard(connection, unknown=unknown, reached=reached, now=now))


def _hold(connection: Connection[TupleRow], decided: Sequence[Decided], now: datetime) -> list[tuple[ServiceKey, str]]:
    reasons = {one.service: one.step for one in decided if one.step.holds}
    return [
        (service, _reason(step))
        for service, step in sorted(reasons.items())
        if hold(connection, service, _reason(step), step.error_code, now)
    ]


def _reason(step: Step) -> str:
    return step.explanation or "Twilio refused it"


def _paces(decided: Sequence[Decided]) -> list[PaceName]:
    return sorted(
        {
            pace_of_account(one.tenant) if one.step.slows == "account" else pace_of_service(one.service)
            for one in decided
            if one.step.slows is not None
        }
    )
