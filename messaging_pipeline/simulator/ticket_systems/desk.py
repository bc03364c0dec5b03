"""What the three ticket systems have in common: a request, an answer, and tickets that customers have."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of the REST API after its login: ``body`` is its JSON, None if it has none."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    idempotency_key: str = ""


Reply = tuple[int, Any]
"""An HTTP status and what becomes JSON."""


@dataclass(slots=True)
class Record:
    """One ticket, whatever its system calls it. ``customer`` is the key by which it is found."""

    id: str
    number: str
    customer: str
    subject: str
    entries: list[str]
    requester: str = ""
    is_open: bool = True
    keys: set[str] = field(default_factory=set)


class Shelf:
    """The tickets of one system, in the order in which they were opened."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self._numbers = itertools.count(101)

    def next_number(self) -> int:
        """Return a number that no ticket has had."""
        return next(self._numbers)

    def add(self, record: Record) -> Record:
        """Open a ticket."""
        self.records.append(record)
        return record

    def by_id(self, ticket_id: str) -> Record | None:
        """Find a ticket by its id or its number."""
        return next((one for one in self.records if ticket_id in {one.id, one.number}), None)

    def of(self, customer: str) -> list[Record]:
        """Return a customer's tickets, the newest first."""
        return [one for one in reversed(self.records) if one.customer == customer]

    def close(self, number: str) -> bool:
        """Close a ticket as an agent does; tell whether there is one of this number."""
        record = self.by_id(number)
        if record is not None:
            record.is_open = False
        return record is not None

    def as_rows(self) -> list[dict[str, Any]]:
        """Return the tickets, ready for JSON."""
        return [
            {
                "number": one.number,
                "customer": one.customer,
                "subject": one.subject,
                "is_open": one.is_open,
                "entries": list(one.entries),
            }
            for one in self.records
        ]


class Desk(Protocol):
    """One ticket system."""

    shelf: Shelf

    def user(self, name: str) -> str:
        """Return the user that HTTP Basic must name for somebody who is ``name`` here."""

    def answer(self, asked: Asked) -> Reply:
        """Answer a request; raises KeyError, TypeError or ValueError for a body that is not as documented."""
