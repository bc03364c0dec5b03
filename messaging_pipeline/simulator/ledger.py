"""Every request to create a message that reached us, whatever became of it: the evidence for an audit."""

from dataclasses import asdict, dataclass
from typing import Any

from messaging_pipeline.simulator.message import Message
from messaging_pipeline.simulator.parameters import Form, value


@dataclass(slots=True)
class CreateAttempt:
    """One create request. ``received_at`` is in Unix seconds.

    ``created`` says whether it made a message, ``answer`` whether the caller was told: ``given``, or how the
    answer was spoilt (``held``, ``reset``, ``truncated``), or ``caller_gone`` when nobody waited for it.
    ``http_status`` is what was, or would have been, answered.
    """

    request_id: str
    received_at: float
    account_sid: str | None = None
    to: str | None = None
    sender: str | None = None
    service_sid: str | None = None
    status_callback: str | None = None
    validity_period: str | None = None
    segments: int = 0
    created: bool = False
    sid: str | None = None
    http_status: int = 0
    error_code: int | None = None
    answer: str = "caller_gone"

    def describe(self, account_sid: str, form: Form) -> None:
        """Note what is asked, right or wrong."""
        self.account_sid = account_sid
        self.to = value(form, "To")
        self.sender = value(form, "From")
        self.service_sid = value(form, "MessagingServiceSid")
        self.status_callback = value(form, "StatusCallback")
        self.validity_period = value(form, "ValidityPeriod")

    def note(self, http_status: int, error_code: int | None) -> None:
        """Note what is to be answered, before anybody knows whether the answer arrives."""
        self.http_status, self.error_code = http_status, error_code


class Ledger:
    """The create requests in the order in which they came."""

    def __init__(self) -> None:
        self._attempts: list[CreateAttempt] = []

    def open(self, request_id: str, received_at: float) -> CreateAttempt:
        """Note that a create has arrived; the rest is filled in as it becomes known."""
        attempt = CreateAttempt(request_id, received_at)
        self._attempts.append(attempt)
        return attempt

    def __len__(self) -> int:
        return len(self._attempts)

    def as_rows(self, to: str | None = None) -> list[dict[str, Any]]:
        """Return all create requests, or those for one recipient, ready for JSON."""
        return [asdict(attempt) for attempt in self._attempts if to is None or attempt.to == to]


def message_row(message: Message) -> dict[str, Any]:
    """Return a message with its whole history and no content, ready for JSON."""
    return {
        "sid": message.sid,
        "account_sid": message.account_sid,
        "direction": message.direction,
        "to": message.to,
        "sender": message.sender,
        "service_sid": message.service_sid,
        "status": message.status,
        "error_code": message.error_code,
        "segments": message.segments,
        "created_at": message.created_at,
        "is_deleted": message.is_deleted,
        "status_callback": message.status_callback,
        "transitions": [step._asdict() for step in message.transitions],
        "callback_attempts": [attempt._asdict() for attempt in message.callback_attempts],
    }
