"""Everything that is remembered of one message, as an audit reads it."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

#: What became of an attempt that proves that the message never reached Twilio.
NOT_AT_TWILIO = frozenset({"not_sent", "refused"})


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message's row, as far as a rule depends on it.

    ``waits_for`` is the part of its conversation before it, ``ahead_status`` where that one is, and since when.
    ``history_forgotten`` says that the lines of its history were let go, so that those left prove nothing.
    """

    id: UUID
    tenant: str
    service: str
    to_number: str | None
    status: str
    created_at: datetime
    due_at: datetime
    expires_at: datetime | None
    lease_until: datetime | None
    attempts: int
    live_from: int
    sid: str | None
    reason: str | None
    check_at: datetime | None
    given_up_at: datetime | None
    waits_for: UUID | None
    history_month: date
    history_forgotten: bool
    ahead_status: str | None
    ahead_since: datetime | None


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One request."""

    message_id: UUID
    number: int
    started_at: datetime
    outcome: str
    sid: str | None

    @property
    def may_be_at_twilio(self) -> bool:
        """Whether Twilio took the message in this attempt, or may have."""
        return self.outcome not in NOT_AT_TWILIO


@dataclass(frozen=True, slots=True)
class EventRow:
    """One line of the history."""

    message_id: UUID
    status: str
    source: str
    sid: str | None
    moved: bool
    superseded: bool


@dataclass(frozen=True, slots=True)
class FallbackRow:
    """One fallback step, and the status that it says has started it."""

    message_id: UUID
    number: int
    cause: str


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """A yes or a stop of the recipient's, for one service or, with ``*``, for all of the tenant's."""

    tenant: str
    number: str
    scope: str
    change: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Life:
    """A message with its attempts, its history and its fallback, oldest first, and its recipient's consent."""

    message: MessageRow
    attempts: tuple[AttemptRow, ...]
    events: tuple[EventRow, ...]
    fallback: tuple[FallbackRow, ...]
    consent: tuple[ConsentRow, ...]
