"""A message as Twilio holds it, with everything that has happened to it."""

from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import uuid4

from messaging_pipeline.simulator.magic_numbers import MagicNumber

FINISHED = frozenset({"delivered", "undelivered", "failed", "canceled", "read", "received", "sent"})
"""Statuses in which a message may be redacted or deleted; ``sent`` is often the last one ever heard."""


def new_sid(prefix: str) -> str:
    """Make a Twilio sid: the prefix and 32 hexadecimal digits."""
    return prefix + uuid4().hex


class Transition(NamedTuple):
    """One step of a message's life, in Unix seconds."""

    status: str
    at: float
    error_code: int | None


class CallbackAttempt(NamedTuple):
    """One try to post a status callback.

    ``outcome`` is the HTTP status that came back, or one word for what happened instead of an answer;
    ``withheld`` means that the simulator kept it back on purpose. ``attempt`` counts from 1.
    """

    status: str
    at: float
    attempt: int
    outcome: str


@dataclass(slots=True)
class Media:
    """A picture or other file that belongs to a message; ``url`` is where it really is."""

    sid: str
    url: str
    content_type: str
    created_at: float


@dataclass(slots=True)
class Message:
    """One message. Times are Unix seconds.

    ``key`` names the message the same way in every run (the To and how many came before it),
    which is what chance is drawn for.
    """

    sid: str
    account_sid: str
    key: str
    direction: str
    to: str
    body: str
    segments: int
    created_at: float
    fate: MagicNumber
    media: list[Media]
    sender: str | None = None
    service_sid: str | None = None
    status: str = "accepted"
    status_callback: str | None = None
    validity_seconds: int = 36_000
    send_at: float | None = None
    sent_at: float | None = None
    updated_at: float = 0.0
    error_code: int | None = None
    feedback: str | None = None
    is_deleted: bool = False
    position: int = 0
    transitions: list[Transition] = field(default_factory=list)
    callback_attempts: list[CallbackAttempt] = field(default_factory=list)

    @property
    def is_finished(self) -> bool:
        """Whether it may be redacted or deleted."""
        return self.status in FINISHED

    def move_to(self, status: str, at: float, error_code: int | None = None) -> None:
        """Note a new status; an earlier error does not outlive a later success."""
        self.status = status
        self.updated_at = at
        self.error_code = error_code
        if status == "sent":
            self.sent_at = at
        self.transitions.append(Transition(status, at, error_code))
