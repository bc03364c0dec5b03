"""What became of one attempt to create a message at Twilio: four answers, and what may be reported afterwards."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from messaging_pipeline.ids import MessageSid


class Fault(StrEnum):
    """Whose doing a refusal or a failure is, and so who can mend it."""

    RECIPIENT = "recipient"
    """The number cannot be reached by this message; another number or channel may be."""

    CONTENT = "content"
    """The text, media or parameters are not acceptable; the same message will fail again."""

    OPTED_OUT = "opted_out"
    """The recipient has said STOP; nothing may be sent to them."""

    SENDER = "sender"
    """The sender or its service is not fit for this message; an operator must act."""

    ACCOUNT = "account"
    """The account, its credentials or permissions; every message of it suffers."""

    TRANSIENT = "transient"
    """Something that passes: the same message may go through later."""

    THROTTLED = "throttled"
    """More than a limit allows, at Twilio or at a carrier; slow down first."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """Twilio created the message.

    ``status`` is Twilio's first word for it (``queued``, ``accepted`` or ``scheduled``); ``segments`` is
    unknown while a Messaging Service has not chosen the sender.
    """

    sid: MessageSid
    status: str
    segments: int | None


@dataclass(frozen=True, slots=True)
class Refused:
    """Twilio answered no; nothing was created and the same request would be refused again."""

    code: int
    http_status: int
    fault: Fault
    explanation: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """Nothing was created, for certain, and the reason passes: the message may be sent again."""

    cause: Literal["throttled", "unreachable"]
    code: int | None
    http_status: int | None
    retry_after_seconds: float | None
    explanation: str


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """The message may have been created: it must never be sent again unless evidence says it was not."""

    explanation: str
    http_status: int | None


@dataclass(frozen=True, slots=True)
class FailedLater:
    """Twilio took the message, and reported later that it has failed; ``status`` is its word for that."""

    status: Literal["undelivered", "failed"]
    code: int | None


Outcome = Accepted | Refused | NotSent | Unconfirmed
"""What an answer to a create, or its absence, proves."""
