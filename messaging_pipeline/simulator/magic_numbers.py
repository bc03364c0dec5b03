"""The numbers that make a chosen thing happen; ``docs/simulator.md`` shows the same table."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum


class Answer(StrEnum):
    """What becomes of the answer to a create."""

    GIVEN = "given"
    HELD = "held"
    RESET = "reset"
    TRUNCATED = "truncated"
    ERROR_AFTER = "error_after"
    ERROR_BEFORE = "error_before"
    THROTTLED = "throttled"
    THROTTLED_ONCE = "throttled_once"


class Callbacks(StrEnum):
    """What becomes of a message's status callbacks."""

    NORMAL = "normal"
    LOST = "lost"
    LATE = "late"
    DUPLICATED = "duplicated"
    REVERSED = "reversed"


@dataclass(frozen=True, slots=True)
class Life:
    """The statuses a message goes through after it was accepted, and the error of the one that failed."""

    statuses: tuple[str, ...]
    error_code: int | None = None
    slow_receipt: bool = False


_TO_CARRIER = ("queued", "sending", "sent")
DELIVERED = Life((*_TO_CARRIER, "delivered"))


def undelivered(error_code: int) -> Life:
    """Return the life of a message that the carrier refuses after it was sent."""
    return Life((*_TO_CARRIER, "undelivered"), error_code)


def failed(error_code: int) -> Life:
    """Return the life of a message that never leaves Twilio."""
    return Life(("failed",), error_code)


@dataclass(frozen=True, slots=True)
class MagicNumber:
    """A recipient to whom one particular thing happens. ``refusal`` is the create's error code.

    ``line_type`` is what Lookup says of it; None if it is no number at all.
    """

    number: str
    meaning: str
    refusal: int | None = None
    life: Life = DELIVERED
    answer: Answer = Answer.GIVEN
    callbacks: Callbacks = Callbacks.NORMAL
    opted_out: bool = False
    media_life: Life | None = None
    line_type: str | None = "mobile"
    lookup_fails: bool = False

    def carrying(self, media: Sequence[str]) -> "MagicNumber":
        """Return what happens to a message with these media, or with none."""
        return replace(self, life=self.media_life) if media and self.media_life else self


RECIPIENTS: tuple[MagicNumber, ...] = (
    # Twilio's own: https://www.twilio.com/docs/iam/test-credentials
    MagicNumber("+15005550001", "refused at once: invalid number, 21211", refusal=21211, line_type=None),
    MagicNumber("+15005550002", "refused at once: no route to it, 21612", refusal=21612),
    MagicNumber("+15005550003", "refused at once: country not permitted, 21408", refusal=21408),
    MagicNumber("+15005550004", "opted out: 21610, as +15005551006", opted_out=True),
    MagicNumber("+15005550009", "refused at once: cannot receive SMS, 21614", refusal=21614, line_type="landline"),
    # Ours: how the message fares.
    MagicNumber("+15005551001", "delivered"),
    MagicNumber("+15005551002", "undelivered: handset unreachable, 30003", life=undelivered(30003)),
    MagicNumber("+15005551003", "undelivered: handset unknown, 30005", life=undelivered(30005)),
    MagicNumber("+15005551004", "undelivered: landline, 30006", life=undelivered(30006), line_type="landline"),
    MagicNumber("+15005551005", "refused at once: not a mobile number, 21614", refusal=21614, line_type="landline"),
    MagicNumber(
        "+15005551006",
        "opted out: refused at once with 21610 for a From, accepted and then failed for a service",
        opted_out=True,
    ),
    MagicNumber("+15005551007", "undelivered: filtered, 30007", life=undelivered(30007)),
    MagicNumber("+15005551008", "undelivered: sender not registered, 30034", life=undelivered(30034)),
    MagicNumber("+15005551009", "delivered, slowly", life=Life(DELIVERED.statuses, slow_receipt=True)),
    MagicNumber("+15005551010", "sent, and never anything after", life=Life(_TO_CARRIER)),
    MagicNumber("+15005551011", "stays queued", life=Life(("queued",))),
    MagicNumber("+15005551012", "delivered, then read", life=Life((*DELIVERED.statuses, "read"))),
    MagicNumber(
        "+15005551013",
        "undelivered (30008), and delivered after all",
        life=Life((*_TO_CARRIER, "undelivered", "delivered"), 30008),
    ),
    MagicNumber("+15005551014", "failed after it was accepted, 30500", life=failed(30500)),
    MagicNumber("+15005551015", "undelivered: unknown error, 30008", life=undelivered(30008)),
    MagicNumber(
        "+15005551016", "a picture is undelivered: no MMS there, 30011; a text arrives", media_life=undelivered(30011)
    ),
    MagicNumber("+15005551017", "delivered; Lookup answers with 500", lookup_fails=True),
    # Ours: how the create is answered.
    MagicNumber("+15005551020", "accepted, the answer never arrives", answer=Answer.HELD),
    MagicNumber("+15005551021", "accepted, the connection is reset", answer=Answer.RESET),
    MagicNumber("+15005551022", "accepted, and answered with 500", answer=Answer.ERROR_AFTER),
    MagicNumber("+15005551023", "accepted, the 201 is cut off in the middle", answer=Answer.TRUNCATED),
    MagicNumber("+15005551024", "answered with 500, nothing is created", answer=Answer.ERROR_BEFORE),
    MagicNumber("+15005551025", "answered with 429 once, fine at the next try", answer=Answer.THROTTLED_ONCE),
    MagicNumber("+15005551026", "answered with 429 always", answer=Answer.THROTTLED),
    # Ours: what becomes of the status callbacks.
    MagicNumber("+15005551030", "delivered, all callbacks are lost", callbacks=Callbacks.LOST),
    MagicNumber("+15005551031", "delivered, the callbacks come late", callbacks=Callbacks.LATE),
    MagicNumber("+15005551032", "delivered, every callback comes twice", callbacks=Callbacks.DUPLICATED),
    MagicNumber("+15005551033", "delivered, the callbacks come last one first", callbacks=Callbacks.REVERSED),
)
"""What happens to a message by its To."""

SENDERS: dict[str, int | None] = {
    "+15005550001": 21212,
    "+15005550006": None,
    "+15005550007": 21606,
    "+15005550008": 21611,
}
"""What happens to a create by its From: an error code, or None for a number that is always fine."""

_BY_NUMBER = {magic.number: magic for magic in RECIPIENTS}


def of_recipient(number: str) -> MagicNumber:
    """Return what happens to messages for this number; any number that is not magic gets its messages."""
    return _BY_NUMBER.get(number) or MagicNumber(number, "delivered")
