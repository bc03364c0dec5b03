"""Tells Twilio whether a message has had its effect: the Feedback resource, by which carriers' routes are judged."""

from dataclasses import dataclass
from typing import Literal

from messaging_pipeline.clock import Clock
from messaging_pipeline.db.pool import Pool
from messaging_pipeline.db.queries import sql
from messaging_pipeline.errors import InvalidInput, NotAllowed, NotReachable
from messaging_pipeline.history.tracing import Tracing
from messaging_pipeline.ids import MessageId
from messaging_pipeline.twilio_api.accounts import Accounts
from messaging_pipeline.twilio_api.remote_messages import Missing, NotPossible, Throttled, Unreachable

Outcome = Literal["confirmed", "unconfirmed"]
OUTCOMES: tuple[Outcome, ...] = ("confirmed", "unconfirmed")


@dataclass(frozen=True, slots=True)
class GivingFeedback:
    """Reports outcomes, such as a code that was typed in, or one that was not."""

    pool: Pool
    clock: Clock
    accounts: Accounts

    def give(self, message_id: MessageId, tenant: str, outcome: Outcome) -> None:
        """Report a message's outcome to Twilio and keep that in its history; the last report counts.

        Raises InvalidInput for another word; NotFound; NotAllowed when Twilio does not have the message or does not
        take feedback about it; NotReachable when Twilio does not answer.
        """
        if outcome not in OUTCOMES:
            raise InvalidInput("outcome", "is neither `confirmed` nor `unconfirmed`", "say one of the two")
        sid = Tracing(self.pool).message(message_id, tenant)["sid"]
        if sid is None:
            raise NotAllowed(f"message {message_id} is not known to be at Twilio; there is nothing to report on yet")
        self._tell_twilio(message_id, tenant, sid, outcome)
        values = {
            "id": message_id,
            "tenant": tenant,
            "detail": f"feedback to Twilio: {outcome}",
            "now": self.clock.now(),
        }
        with self.pool.connection() as connection:
            connection.execute(sql("note_feedback"), values)

    def _tell_twilio(self, message_id: MessageId, tenant: str, sid: str, outcome: Outcome) -> None:
        match self.accounts.of(tenant).give_feedback(sid, outcome):
            case str():
                return
            case Throttled() | Unreachable():
                raise NotReachable("Twilio", "TWILIO_API_BASE_URL")
            case Missing():
                raise NotAllowed(f"Twilio does not have message {message_id} any more")
            case NotPossible():
                raise NotAllowed(
                    f"Twilio takes no feedback about message {message_id}; "
                    "set `provide_feedback` for its service before it is sent"
                )
            case _:
                raise NotAllowed(f"Twilio refuses this account's feedback about message {message_id}")
