"""The rule that nothing is forgotten: a message has ended, or it is known when somebody looks after it."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from messaging_pipeline.audit.life import Life, MessageRow
from messaging_pipeline.audit.rule import Rule
from messaging_pipeline.messages.state_machine import FINAL, Status

#: A producer may ask for up to 35 days ahead, and a refusal may put a message off for a while on top.
_FURTHEST_DUE = timedelta(days=37)
_EXPIRED_WITHIN = timedelta(minutes=1)
_RELEASED_WITHIN = timedelta(minutes=1)
_RETURNED_WITHIN = timedelta(minutes=5)
_ASKED_WITHIN = timedelta(hours=1)

#: A part of a conversation holds up the next one only while it may still leave.
_HOLDS_UP = frozenset({Status.PENDING, Status.CLAIMED, Status.UNCONFIRMED})


def _in_time(life: Life, now: datetime) -> Iterator[str]:
    message = life.message
    if message.status in FINAL:
        return
    match message.status:
        case "pending":
            yield from _waiting(message, now)
        case "claimed":
            yield from _held(message, now)
        case _:
            yield from _at_twilio(message, now)


def _waiting(message: MessageRow, now: datetime) -> Iterator[str]:
    if message.expires_at is not None and message.expires_at + _EXPIRED_WITHIN < now:
        yield "is pending although its time ran out"
    if message.due_at > now + _FURTHEST_DUE:
        yield "is due too far ahead"
    if message.waits_for is not None and not _is_held_up(message, now):
        yield "waits for a part of its conversation that has left, or that there is not"


def _is_held_up(message: MessageRow, now: datetime) -> bool:
    if message.ahead_status is None or message.ahead_since is None:
        return False
    return message.ahead_status in _HOLDS_UP or message.ahead_since + _RELEASED_WITHIN >= now


def _held(message: MessageRow, now: datetime) -> Iterator[str]:
    if message.lease_until is None or message.lease_until + _RETURNED_WITHIN < now:
        yield "is claimed although its lease ran out, and the sweep does not take it back"


def _at_twilio(message: MessageRow, now: datetime) -> Iterator[str]:
    if message.given_up_at is not None:
        if not message.reason:
            yield f"is {message.status} and given up without a reason"
    elif message.check_at is None:
        yield f"is {message.status}, and nobody will ask Twilio about it"
    elif message.check_at + _ASKED_WITHIN < now:
        yield f"is {message.status}, and Twilio should have been asked long ago"


IN_TIME = Rule(
    "in_time",
    "Every message has ended, or it is known when somebody looks after it.",
    _in_time,
)
