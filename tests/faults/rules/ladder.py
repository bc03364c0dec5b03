"""Twilio's account of a message folded into the status that it proves; written anew, since ours is judged by it."""

from collections.abc import Iterable

from tests.faults.records import Turn

_OPTED_OUT = 21610
_ARRIVED = ("delivered", "read")
FAILED = ("undelivered", "failed")
_LADDER = ("scheduled", "accepted", "queued", "sending", "sent", "canceled", *FAILED, "suppressed", *_ARRIVED)

#: Statuses of ours at which a message has come to its end.
ENDED = frozenset({"rejected", "expired", "canceled", "undelivered", "failed", "suppressed", "delivered", "read"})
#: The words of Twilio's: a message with one of them exists there.
AT_TWILIO = frozenset({"scheduled", "accepted", "queued", "sending", "sent", "undelivered", "delivered", "read"})


def fold(turns: Iterable[Turn]) -> Turn | None:
    """Return the highest turn of a life; a failure because of an opt-out counts as ``suppressed``."""
    meant = [turn._replace(status="suppressed") if _is_opt_out(turn) else turn for turn in turns]
    return max(meant, key=lambda turn: _LADDER.index(turn.status), default=None)


def higher(one: Turn | None, other: Turn | None) -> Turn | None:
    """Return the higher of two."""
    return fold(turn for turn in (one, other) if turn is not None)


def has_arrived(turn: Turn | None) -> bool:
    """Tell whether the recipient has got it."""
    return turn is not None and turn.status in _ARRIVED


def has_failed(turn: Turn | None) -> bool:
    """Tell whether it is certain that the recipient has not got it."""
    return turn is not None and turn.status in FAILED


def _is_opt_out(turn: Turn) -> bool:
    return turn.status in FAILED and turn.error_code == _OPTED_OUT
