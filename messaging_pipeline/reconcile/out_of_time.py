"""What becomes of a message in doubt for which no evidence came in time: held, sent again, or failed."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline import meters
from messaging_pipeline.clock import Clock
from messaging_pipeline.configuration import Configuration
from messaging_pipeline.db.pool import Pool, in_transaction
from messaging_pipeline.db.queries import sql
from messaging_pipeline.fallback.start import StepId, start_fallbacks
from messaging_pipeline.ids import MessageId, ServiceKey
from messaging_pipeline.messages.state_machine import Status
from messaging_pipeline.metrics import record_status
from messaging_pipeline.reconcile.asked import QuietMessage, note_no_news, put_off_or_give_up
from messaging_pipeline.reconcile.curve import next_search
from messaging_pipeline.reconcile.report import Report
from messaging_pipeline.sealing import Sealer
from messaging_pipeline.waking.bell import Bell

_RESOLVE = "settle it with `messaging-pipeline messages resolve`"
_HELD = f"no evidence came in time; it may have been sent: {_RESOLVE}"
_UNDECIDED = f"Twilio has messages that may be this one and cannot be told apart: {_RESOLVE}"


@dataclass(frozen=True, slots=True)
class WayOut:
    """Where a message in doubt goes without evidence, and who says so.

    ``settled`` closes the attempt as not sent, with that explanation; without it the attempt stays in doubt.
    """

    status: Status
    source: Literal["policy", "operator"]
    reason: str
    settled: str | None = None


_RESENT = WayOut(
    Status.PENDING,
    "policy",
    "no evidence came in time; it is sent again, as its service wants it, and may arrive twice",
)
_FAILED = WayOut(
    Status.FAILED,
    "policy",
    "no evidence came in time; it counts as failed, as its service wants it, and may have arrived",
)


@dataclass(frozen=True, slots=True)
class OutOfTime:
    """Applies ``when_unconfirmed``; each step is one statement that names the status it leaves."""

    pool: Pool
    clock: Clock
    sealer: Sealer
    configuration: Configuration
    bell: Bell
    wake_fallbacks: Callable[[list[StepId]], None]

    def consider(self, tenant: str, message: QuietMessage, undecided: bool, report: Report) -> None:
        """Decide about a message that was looked for at Twilio and not found.

        ``undecided`` says that something there may be it: then nothing but a person may send it again.
        """
        now = self.clock.now()
        deadline = self._deadline(message)
        report.found("undecided", int(undecided))
        if now < deadline:
            self._look_again(message, deadline, now)
        elif undecided:
            self._hold(message, _UNDECIDED, now, report)
        else:
            self._apply_policy(tenant, message, now, report)

    def _apply_policy(self, tenant: str, message: QuietMessage, now: datetime, report: Report) -> None:
        service = self.configuration.services.get(message.service)
        match service.when_unconfirmed if service else "hold":
            case "resend":
                self._resend(tenant, message, now, report)
            case "fallback":
                self._fall_back(tenant, message, now, report)
            case _:
                self._hold(message, _HELD, now, report)

    def _deadline(self, message: QuietMessage) -> datetime:
        service = self.configuration.services.get(message.service)
        return message.started_at + timedelta(seconds=service.unconfirmed_after_seconds if service else 0)

    def _look_again(self, message: QuietMessage, deadline: datetime, now: datetime) -> None:
        at = next_search(message.started_at, deadline, self.configuration.reconcile, now)
        note_no_news(self.pool, [message], [at])

    def _hold(self, message: QuietMessage, reason: str, now: datetime, report: Report) -> None:
        values = {"id": message.id, "attempt": message.attempts, "reason": reason, "now": now}
        with self.pool.connection() as connection:
            is_new = connection.execute(sql("hold_unconfirmed"), values).fetchone() is not None
        report.found("held", int(is_new))
        given_up = put_off_or_give_up(self.pool, [message], self.configuration.reconcile, now)
        report.found("given_up", given_up)

    def _resend(self, tenant: str, message: QuietMessage, now: datetime, report: Report) -> None:
        with self.pool.connection() as connection:
            left = leave_doubt(connection, tenant, message.id, message.attempts, _RESENT, now)
        if left is not None:
            report.found("resent")
            self.bell.ring(left)

    def _fall_back(self, tenant: str, message: QuietMessage, now: datetime, report: Report) -> None:
        left, steps = in_transaction(self.pool, lambda connection: self._fail(connection, tenant, message, now))
        if left is not None:
            report.found("fell_back")
            record_status(left, Status.FAILED)
            self.wake_fallbacks(steps)

    def _fail(
        self, connection: Connection[TupleRow], tenant: str, message: QuietMessage, now: datetime
    ) -> tuple[ServiceKey | None, list[StepId]]:
        left = leave_doubt(connection, tenant, message.id, message.attempts, _FAILED, now)
        failed = [MessageId(message.id)] if left is not None else []
        return left, start_fallbacks(connection, self.sealer, failed, now)


def leave_doubt(
    connection: Connection[TupleRow], tenant: str, message_id: UUID, attempt: int, way: WayOut, now: datetime
) -> ServiceKey | None:
    """Take a message out of doubt without evidence; return its service, or None when it is in doubt no more."""
    values = {"id": message_id, "tenant": tenant, "attempt": attempt, **asdict(way), "now": now}
    row = connection.execute(sql("leave_doubt"), values).fetchone()
    if row is not None and way.settled is not None:
        meters.give_back(connection, message_id)
    return None if row is None else ServiceKey(row[1])
