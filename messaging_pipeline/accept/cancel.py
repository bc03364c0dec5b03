"""Withdraws a message that has not been sent: one of ours, or one that waits in Twilio's schedule."""

from collections.abc import Callable
from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline.clock import Clock
from messaging_pipeline.db.pool import Pool, in_transaction
from messaging_pipeline.db.queries import sql
from messaging_pipeline.errors import NotAllowed, NotReachable
from messaging_pipeline.history.tracing import Tracing
from messaging_pipeline.ids import MessageId
from messaging_pipeline.messages.state_machine import Status
from messaging_pipeline.metrics import record_status
from messaging_pipeline.twilio_api.accounts import Accounts
from messaging_pipeline.twilio_api.remote_messages import Missing, NotPossible, RemoteMessage, Throttled, Unreachable

_REASON = "withdrawn before it was sent"


@dataclass(frozen=True, slots=True)
class Canceling:
    """Takes messages back. ``heard`` is told what Twilio says of a message that it held for us."""

    pool: Pool
    clock: Clock
    accounts: Accounts
    heard: Callable[[MessageId, str, RemoteMessage], None]

    def cancel(self, message_id: MessageId, tenant: str) -> None:
        """Cancel a message whose request has not left, or that Twilio has only scheduled; again changes nothing.

        A worker that has taken it, and not begun to send it, finds its claim gone. Raises NotFound; NotAllowed naming
        the status it has reached; and NotReachable when Twilio would have to be asked and does not answer.
        """
        withdrawn_from = in_transaction(self.pool, lambda connection: self._withdraw(connection, message_id, tenant))
        if withdrawn_from is not None:
            record_status(withdrawn_from, Status.CANCELED)
            return
        message = Tracing(self.pool).message(message_id, tenant)
        if message["status"] == Status.CANCELED:
            return
        if message["status"] != Status.SCHEDULED:
            raise NotAllowed(f"message {message_id} is {message['status']}; only what was not sent can be canceled")
        self._cancel_at_twilio(message_id, tenant, message["sid"])

    def _withdraw(self, connection: Connection[TupleRow], message_id: MessageId, tenant: str) -> str | None:
        """Two statements: only after the row is locked can be seen whether a request was started meanwhile.

        Return the service of what was withdrawn.
        """
        key = {"id": message_id, "tenant": tenant}
        connection.execute(sql("lock_message"), key)
        values = {**key, "now": self.clock.now(), "reason": _REASON}
        row = connection.execute(sql("cancel_unsent"), values).fetchone()
        return None if row is None else str(row[0])

    def _cancel_at_twilio(self, message_id: MessageId, tenant: str, sid: str) -> None:
        match self.accounts.of(tenant).cancel(sid):
            case RemoteMessage() as answer:
                self.heard(message_id, tenant, answer)
            case Throttled() | Unreachable():
                raise NotReachable("Twilio", "TWILIO_API_BASE_URL")
            case NotPossible() | Missing():
                raise NotAllowed(f"message {message_id} is past its schedule at Twilio; it cannot be canceled any more")
            case _:
                raise NotAllowed(f"message {message_id} is scheduled at Twilio, which refuses this account")
