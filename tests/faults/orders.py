"""What is handed over in a run: messages of every kind, drawn from the seed, each at its second."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

_AREAS = ("206", "212", "213", "305", "312", "404", "415", "512", "602", "617", "702", "713")
_PARTS_OF_A_CONVERSATION = 4
_BODIES = (
    "Your appointment is tomorrow at 10:30. Reply C to confirm.",
    "Your parcel is on its way.",
    "Grüße aus Köln, bis morgen ☀️",
    "A longer text, which takes two segments on its way. " * 5,
)
_HELD = 20
_WRONG_SENDER = "+15005550007"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of message: how many of a thousand, to whom if not to somebody new, and where it may rest for ever."""

    per_mille: float
    to: str | None = None
    rests_at: tuple[str, ...] = ()
    service: str | None = None
    fallback: bool = False


KINDS: Mapping[str, Kind] = {
    "unreachable": Kind(6, "+15005551002", fallback=True),
    "unknown-handset": Kind(2, "+15005551003", fallback=True),
    "landline": Kind(3, "+15005551004", fallback=True),
    "not-mobile": Kind(4, "+15005551005", fallback=True),
    "opted-out": Kind(5, "+15005551006"),
    "filtered": Kind(3, "+15005551007", fallback=True),
    "slow-receipt": Kind(5, "+15005551009"),
    "sent-only": Kind(4, "+15005551010", ("sent",)),
    "stays-queued": Kind(3, "+15005551011", ("accepted", "queued")),
    "read": Kind(4, "+15005551012"),
    "after-all": Kind(4, "+15005551013", fallback=True),
    "failed-inside": Kind(3, "+15005551014", fallback=True),
    "no-reason": Kind(3, "+15005551015", fallback=True),
    "answer-held": Kind(2, "+15005551020"),
    "answer-reset": Kind(4, "+15005551021"),
    "error-after": Kind(4, "+15005551022"),
    "answer-cut": Kind(4, "+15005551023"),
    "throttled-once": Kind(0.4, "+15005551025"),
    "callbacks-lost": Kind(5, "+15005551030"),
    "callbacks-late": Kind(5, "+15005551031"),
    "callbacks-twice": Kind(5, "+15005551032"),
    "callbacks-reversed": Kind(5, "+15005551033"),
    "expiring": Kind(6, service="slow"),
    "later": Kind(8),
    "canceled": Kind(8),
    "stopped": Kind(6),
    "malformed": Kind(1, "+1415"),
    "conversation": Kind(10, service="care"),
}
#: Shares of the services in plain messages.
SERVICES: Mapping[str, float] = {"alerts": 0.45, "offers": 0.32, "care": 0.12, "number": 0.08, "slow": 0.03}


@dataclass(frozen=True, slots=True)
class Order:
    """A message to hand over at that second, and how. ``expires_in`` and ``send_in`` count from the hand-over.

    ``cancel_after`` is when it is withdrawn again, ``stop_at`` the second at which its recipient writes STOP.
    """

    at: float
    id: str
    kind: str
    by: str
    arguments: Mapping[str, Any] = field(repr=False)
    rests_at: tuple[str, ...] = ()
    expires_in: float | None = None
    send_in: float | None = None
    cancel_after: float | None = None
    stop_at: float | None = None


def draw(seed: int, messages: int, seconds: float, *, arguments: frozenset[str]) -> list[Order]:
    """Return so many orders over so many seconds; ``arguments`` are the names that a send knows."""
    dice = random.Random(f"orders {seed}")
    book = _Book(dice, seconds, arguments)
    orders = list(book.held())
    while len(orders) < messages:
        orders += book.next()
    return sorted(orders[:messages], key=lambda order: order.at)


@dataclass(slots=True)
class _Book:
    """Draws one order after another."""

    dice: random.Random
    seconds: float
    arguments: frozenset[str]
    _people: int = 0

    def next(self) -> Iterator[Order]:
        """Draw a message, or the parts of a conversation."""
        name = self._kind()
        if name == "conversation":
            yield from self._conversation()
        else:
            yield self._order(name, self._moment(name))

    def held(self) -> Iterator[Order]:
        """Draw the messages of the service whose number Twilio refuses, and one that names such a number itself."""
        at = self.seconds * 0.3
        yield self._order("wrong-sender", at, service="care", from_=_WRONG_SENDER)
        for position in range(_HELD):
            yield self._order("held", at + position * 0.3, service="wrong")

    def _kind(self) -> str:
        names = [*KINDS, "plain"]
        weights = [kind.per_mille for kind in KINDS.values()]
        return self.dice.choices(names, [*weights, 1000 - sum(weights)])[0]

    def _moment(self, kind: str) -> float:
        """Somewhere in the run; who says STOP does so well before he is written to."""
        earliest = 0.4 if kind == "stopped" else 0.0
        return round(self.dice.uniform(earliest, 0.96) * self.seconds, 2)

    def _conversation(self) -> Iterator[Order]:
        to, start, name = self._somebody(), self._moment("conversation"), f"conversation-{self.dice.getrandbits(40)}"
        sequence = {"sequence": name} if "sequence" in self.arguments else {}
        for part in range(_PARTS_OF_A_CONVERSATION):
            yield self._order("conversation", start + part * 0.4, to=to, by="pipeline", **sequence)

    def _order(self, name: str, at: float, **changes: Any) -> Order:
        kind, dice = KINDS.get(name, Kind(0)), self.dice
        message_id = str(UUID(int=dice.getrandbits(128), version=4))
        by = "celery" if name == "malformed" else changes.pop("by", dice.choice(("celery", "pipeline")))
        arguments = {
            "to": kind.to or self._somebody(),
            "body": dice.choice(_BODIES),
            "service": kind.service or dice.choices(list(SERVICES), list(SERVICES.values()))[0],
            "priority": dice.choices(("high", "normal", "bulk"), (1, 6, 3))[0],
            "message_id": message_id,
            "idempotency_key": f"order-{message_id}",
            **({"fallback": [{"channel": "email", "to": f"{message_id}@example.com"}]} if kind.fallback else {}),
            **changes,
        }
        return Order(at, message_id, name, by, arguments, kind.rests_at, **self._times(name, at))

    def _times(self, name: str, at: float) -> dict[str, float]:
        dice = self.dice
        match name:
            case "expiring":
                return {"expires_in": dice.uniform(2.0, 20.0)}
            case "later":
                return {"send_in": dice.uniform(2.0, 20.0)}
            case "canceled":
                return {"send_in": 15.0, "cancel_after": dice.uniform(0.5, 18.0)}
            case "stopped":
                return {"stop_at": round(max(0.0, at * dice.uniform(0.2, 0.5)), 2)}
        return {}

    def _somebody(self) -> str:
        """Return a number that nobody else in this run has."""
        self._people += 1
        return f"+1{_AREAS[self._people % len(_AREAS)]}{2_000_000 + self._people}"
