"""What a person decides about a message in doubt: it was sent, as this message at Twilio, or it was not."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline.clock import Clock
from messaging_pipeline.db.pool import Pool, in_transaction
from messaging_pipeline.db.queries import sql
from messaging_pipeline.errors import InvalidInput, NotAllowed
from messaging_pipeline.follow.apply_evidence import Evidence, Following
from messaging_pipeline.history.tracing import Tracing
from messaging_pipeline.ids import MessageId, ServiceKey
from messaging_pipeline.messages.state_machine import TWILIO_WORDS, Status
from messaging_pipeline.reconcile.out_of_time import WayOut, leave_doubt
from messaging_pipeline.twilio_api.accounts import Accounts
from messaging_pipeline.twilio_api.remote_messages import Missing, RemoteMessage
from messaging_pipeline.twilio_api.sids import MESSAGE_SID
from messaging_pipeline.waking.bell import Bell

_SETTLED = "settled by the operator"
_NOT_SENT = WayOut(Status.PENDING, "operator", "settled by the operator as not sent", settled=_SETTLED)
_FORCE = "if you know better, use --force"


@dataclass(frozen=True, slots=True)
class Resolving:
    """Settles doubt by a person's word. What is not in doubt stays as it is."""

    pool: Pool
    clock: Clock
    accounts: Accounts
    following: Following
    bell: Bell

    def sent(self, message_id: MessageId, tenant: str, sid: str, *, force: bool = False) -> Status:
        """Bind a message in doubt to a message at Twilio; return its status then.

        Twilio is asked first whether that one went to the same recipient, and NotAllowed raised if it did not, or if
        nobody can tell; ``force`` takes the caller's word. Raises NotFound, and InvalidInput for what is no SID.
        """
        if not MESSAGE_SID.fullmatch(sid):
            raise InvalidInput("sid", "is not a message SID", "give SM or MM and 32 hexadecimal digits")
        message = self._in_doubt(message_id, tenant)
        self._refuse_taken(sid, tenant)
        remote = self._same_recipient(tenant, sid, message["to"], force=force)
        word = remote.status if remote is not None and remote.status in TWILIO_WORDS else Status.ACCEPTED.value
        self.following.apply(
            [
                Evidence(
                    message_id=message_id,
                    tenant=tenant,
                    sid=sid,
                    status=word,
                    error_code=remote.error_code if remote is not None else None,
                    received_at=self.clock.now(),
                    attempt=_attempt(message),
                    source="operator",
                )
            ]
        )
        settled = Tracing(self.pool).message(message_id, tenant)
        if settled["sid"] != sid:
            raise NotAllowed(f"message {message_id} cannot be {sid}; look at both once more")
        return Status(settled["status"])

    def not_sent(self, message_id: MessageId, tenant: str) -> None:
        """Send a message in doubt again: its attempt is closed as not sent. Raises NotFound or NotAllowed."""
        message = self._in_doubt(message_id, tenant)
        attempt, now = _attempt(message), self.clock.now()

        def leave(connection: Connection[TupleRow]) -> ServiceKey | None:
            return leave_doubt(connection, tenant, message_id, attempt, _NOT_SENT, now)

        service = in_transaction(self.pool, leave)
        if service is None:
            self._in_doubt(message_id, tenant)  # says what it has become meanwhile
            raise NotAllowed(f"message {message_id} has just been tried again; look at it once more")
        self.bell.ring(service)

    def _in_doubt(self, message_id: MessageId, tenant: str) -> dict[str, Any]:
        message = Tracing(self.pool).message(message_id, tenant)
        if message["status"] != Status.UNCONFIRMED:
            raise NotAllowed(f"message {message_id} is {message['status']}; only an unconfirmed one can be resolved")
        return message

    def _refuse_taken(self, sid: str, tenant: str) -> None:
        with self.pool.connection() as connection:
            row = connection.execute(sql("known_sids"), {"sids": [sid], "tenant": tenant}).fetchone()
        if row is not None:
            raise NotAllowed(f"{sid} is message {row[1]}'s already")

    def _same_recipient(self, tenant: str, sid: str, to: str, *, force: bool) -> RemoteMessage | None:
        """Ask Twilio whose message it is; None when it does not say and the caller's word is taken."""
        answer = self.accounts.of(tenant).fetch(sid)
        if isinstance(answer, RemoteMessage):
            if force or (answer.to == to and not answer.is_inbound):
                return answer
            raise NotAllowed(f"{sid} went to another recipient; {_FORCE}")
        if force:
            return None
        if isinstance(answer, Missing):
            raise NotAllowed(f"Twilio has no message {sid} for this account; {_FORCE}")
        raise NotAllowed(f"Twilio does not tell now where {sid} went; try again, or {_FORCE}")


def _attempt(message: Mapping[str, Any]) -> int:
    """The number of the attempt in doubt, which is the last one."""
    return max(int(attempt["number"]) for attempt in message["attempts"])
