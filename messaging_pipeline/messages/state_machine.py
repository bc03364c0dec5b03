"""The life of a message as data: the rungs of the ladder, and the moves that are ours to make.

Evidence from Twilio (an answer, a callback) moves a message up to any higher rung and never down, so
whatever order or number of copies it arrives in, the highest rung heard of is where the message ends.
Every rung has its own rank: with ties the first to arrive would win, and order would matter.
Twilio does not promise an order (https://www.twilio.com/docs/messaging/guides/track-outbound-message-status).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Status(StrEnum):
    """Where a message is. Twilio's words are used exactly as Twilio uses them."""

    PENDING = "pending"
    CLAIMED = "claimed"
    UNCONFIRMED = "unconfirmed"
    SCHEDULED = "scheduled"
    ACCEPTED = "accepted"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CANCELED = "canceled"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    DELIVERED = "delivered"
    READ = "read"


@dataclass(frozen=True, slots=True)
class Rung:
    """One status: its rank, whose word it is, whether a message may rest there, and what it means."""

    status: Status
    rank: int
    word_of: Literal["ours", "Twilio's"]
    final: bool
    meaning: str


LADDER: tuple[Rung, ...] = (
    Rung(Status.PENDING, 0, "ours", False, "written down, waiting for its time and a token"),
    Rung(Status.CLAIMED, 10, "ours", False, "a worker holds it under a lease"),
    Rung(Status.UNCONFIRMED, 20, "ours", False, "the request left and no answer came: it may have been sent"),
    Rung(Status.SCHEDULED, 30, "Twilio's", False, "Twilio holds it until its SendAt"),
    Rung(Status.ACCEPTED, 40, "Twilio's", False, "Twilio has it and will choose a sender"),
    Rung(Status.QUEUED, 50, "Twilio's", False, "in a sender's queue at Twilio"),
    Rung(Status.SENDING, 60, "Twilio's", False, "being handed to the carrier"),
    Rung(Status.SENT, 70, "Twilio's", False, "the carrier took it; it may be the last thing we hear"),
    Rung(Status.REJECTED, 80, "ours", True, "refused at our own door, with a reason"),
    Rung(Status.EXPIRED, 81, "ours", True, "its time ran out before it was sent"),
    Rung(Status.CANCELED, 82, "Twilio's", True, "withdrawn before it was sent"),
    Rung(Status.UNDELIVERED, 83, "Twilio's", True, "the carrier says it did not arrive"),
    Rung(Status.FAILED, 84, "Twilio's", True, "Twilio could not send it"),
    Rung(
        Status.SUPPRESSED,
        85,
        "ours",
        True,
        "the recipient has opted out, or has not consented where the policy asks for it",
    ),
    Rung(Status.DELIVERED, 90, "Twilio's", True, "the carrier confirmed its arrival"),
    Rung(Status.READ, 100, "Twilio's", True, "the recipient opened it"),
)
"""Every status, lowest rung first. A late `delivered` beats `undelivered`; nothing goes down."""

OUR_MOVES: frozenset[tuple[Status, Status]] = frozenset(
    {
        (Status.PENDING, Status.CLAIMED),  # a worker takes it
        (Status.PENDING, Status.CANCELED),  # its producer withdraws it
        (Status.PENDING, Status.EXPIRED),  # its time ran out
        (Status.CLAIMED, Status.CANCELED),  # its producer withdraws it before the request has left
        (Status.CLAIMED, Status.PENDING),  # proven not sent: back, to be tried later
        (Status.CLAIMED, Status.UNCONFIRMED),  # the answer is lost
        (Status.CLAIMED, Status.FAILED),  # Twilio refused it
        (Status.CLAIMED, Status.SUPPRESSED),  # the recipient opted out, as Twilio says or our own ledger
        (Status.CLAIMED, Status.REJECTED),  # a gate at the moment of sending said no
        (Status.CLAIMED, Status.EXPIRED),  # its time ran out in a worker's hands
        (Status.UNCONFIRMED, Status.PENDING),  # a late answer, or a person, says that it was not sent
        (Status.UNCONFIRMED, Status.FAILED),  # a late answer refuses it
        (Status.UNCONFIRMED, Status.SUPPRESSED),
        (Status.UNDELIVERED, Status.PENDING),  # it did not arrive, for a reason that passes: another attempt
        (Status.FAILED, Status.PENDING),
    }
)
"""The moves that our own acts make; each is one statement that names the status it leaves."""

TWILIO_FLOW: frozenset[tuple[Status, Status]] = frozenset(
    {
        (Status.CLAIMED, Status.ACCEPTED),
        (Status.CLAIMED, Status.SCHEDULED),
        (Status.CLAIMED, Status.QUEUED),
        (Status.UNCONFIRMED, Status.ACCEPTED),  # evidence settles the doubt: a late answer,
        (Status.UNCONFIRMED, Status.QUEUED),
        (Status.UNCONFIRMED, Status.SENT),  # or a callback whose path names the message
        (Status.SCHEDULED, Status.QUEUED),
        (Status.SCHEDULED, Status.CANCELED),
        (Status.SCHEDULED, Status.FAILED),
        (Status.ACCEPTED, Status.QUEUED),
        (Status.ACCEPTED, Status.FAILED),
        (Status.ACCEPTED, Status.SUPPRESSED),  # a failure with error 21610
        (Status.QUEUED, Status.SENDING),
        (Status.QUEUED, Status.SENT),
        (Status.SENDING, Status.SENT),
        (Status.QUEUED, Status.FAILED),
        (Status.SENDING, Status.FAILED),
        (Status.SENT, Status.DELIVERED),
        (Status.SENT, Status.UNDELIVERED),
        (Status.UNDELIVERED, Status.DELIVERED),
        (Status.DELIVERED, Status.READ),
    }
)
"""The usual walk, for the diagram; evidence may skip any of these steps."""

RANK: dict[Status, int] = {rung.status: rung.rank for rung in LADDER}
FINAL: frozenset[Status] = frozenset(rung.status for rung in LADDER if rung.final)
UNDER_WAY: frozenset[Status] = frozenset(Status) - FINAL
TWILIO_WORDS: frozenset[Status] = frozenset(rung.status for rung in LADDER if rung.word_of == "Twilio's")
"""What a callback or an answer may call a message."""

REPORTABLE: frozenset[Status] = TWILIO_WORDS | {Status.SUPPRESSED}
"""What evidence can say: Twilio's own words, and an opt-out that Twilio reported."""

FAILURES: frozenset[Status] = frozenset({Status.UNDELIVERED, Status.FAILED, Status.EXPIRED, Status.REJECTED})
"""The ends that start a message's fallback. An opt-out does not: the person asked for silence."""

FALLBACK_CAUSES: frozenset[Status] = FAILURES | {Status.SUPPRESSED}
"""The ends that a step of a plan may name; only one that names the opt-out is started by it."""

REPORTED_FAILURES: frozenset[Status] = frozenset({Status.UNDELIVERED, Status.FAILED})
"""The ends that Twilio reports after it took a message, and after which another attempt may be made."""

ARRIVALS: frozenset[Status] = frozenset({Status.DELIVERED, Status.READ})
"""All that is still news about an attempt which another one has replaced."""


def evidence_moves(current: Status, reported: Status) -> bool:
    """Tell whether evidence of ``reported`` moves a message that is at ``current``."""
    return reported in REPORTABLE and RANK[reported] > RANK[current]


def leaves_for(reported: Status) -> list[str]:
    """Return the statuses that evidence of ``reported`` leaves, for a statement's guard."""
    return [status.value for status in Status if evidence_moves(status, reported)]


def our_leaves_for(target: Status) -> list[str]:
    """Return the statuses from which our own acts reach ``target``, for a statement's guard."""
    return sorted(start.value for start, end in OUR_MOVES if end is target)


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a message's history, as far as its status depends on it."""

    status: Status
    evidence: bool
    sid: str | None = None
    superseded: bool = False
    """Whether it is about an attempt that another one has replaced."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A message's status and the SID it is bound to."""

    status: Status
    sid: str | None = None


def step(standing: Standing, event: Event) -> Standing:
    """Return where one event takes a message; evidence about another SID than the bound one is no evidence."""
    if not event.evidence:
        return _after_our_act(standing, event.status)
    if event.superseded:
        return _after_superseded(standing, event)
    if standing.sid is not None and event.sid not in {None, standing.sid}:
        return standing
    status = event.status if evidence_moves(standing.status, event.status) else standing.status
    return Standing(status, standing.sid or event.sid)


def _after_our_act(standing: Standing, target: Status) -> Standing:
    """A message that goes back is bound to no SID: the next attempt brings its own."""
    if (standing.status, target) not in OUR_MOVES:
        return standing
    return Standing(target, None if target is Status.PENDING else standing.sid)


def _after_superseded(standing: Standing, event: Event) -> Standing:
    """An arrival is an arrival, but the message stays bound to the attempt that is under way."""
    moves = event.status in ARRIVALS and evidence_moves(standing.status, event.status)
    return Standing(event.status, standing.sid) if moves else standing


def replay(events: Iterable[Event]) -> Standing:
    """Fold a message's events, first to last, into where it stands."""
    first, *rest = events
    standing = Standing(first.status, first.sid)
    for event in rest:
        standing = step(standing, event)
    return standing
