"""What a ticket system is to us: three things it can be asked, and what can become of each."""

from dataclasses import dataclass
from typing import Literal, Protocol

from messaging_pipeline.errors import PipelineError


@dataclass(frozen=True, slots=True)
class Ticket:
    """``id`` is what the system's API calls it, ``number`` what people call it."""

    id: str
    number: str


@dataclass(frozen=True, slots=True)
class Customer:
    """Who wrote. ``key`` is written into each of a customer's tickets, so that the next one who looks finds them."""

    key: str
    name: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to stand in a ticket. ``token`` is the same whenever the same entry is tried."""

    customer: Customer
    subject: str
    text: str
    token: str


@dataclass(frozen=True, slots=True)
class Told:
    """What became of an entry.

    ``taken``: it stands in ``ticket``. ``refused``: it never will. ``not_sent``: it certainly was not taken, and
    may be tried again. ``unconfirmed``: it may have been taken, so it is not tried again.
    """

    state: Literal["taken", "refused", "not_sent", "unconfirmed"]
    explanation: str
    ticket: Ticket | None = None


class NotAnswered(PipelineError):
    """Raised when a ticket system could not say what it was asked; its text says why, in our own words."""


class TicketSystem(Protocol):
    """A ticket system. Made for many threads; every request has a connect and a read timeout, and none is repeated."""

    def find_open(self, customer: Customer, known: str | None) -> Ticket | None:
        """Return the customer's open ticket: the one we know, by its id, if it is still open, else the newest.

        Raises NotAnswered.
        """

    def create(self, entry: Entry) -> Told:
        """Open a ticket with this entry."""

    def append(self, ticket: Ticket, entry: Entry) -> Told:
        """Add an entry to an open ticket; ``refused`` when the ticket takes nothing more."""

    def close(self) -> None:
        """Close the connections that no thread is using."""
