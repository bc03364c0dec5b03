"""Reads what ticket systems say of tickets, and believes none of it before it is checked."""

import re
from collections.abc import Iterator
from typing import Any

from messaging_pipeline.tickets.contract import Ticket

#: What may become a part of an address, or of a text message.
_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,64}")


def within(content: Any, *path: str) -> Any:
    """Follow names into JSON; None where one is missing."""
    for name in path:
        content = content.get(name) if isinstance(content, dict) else None
    return content


def each(content: Any, name: str) -> Iterator[Any]:
    """Return the items of a list in JSON; none when it is no list."""
    found = within(content, name)
    yield from found if isinstance(found, list) else []


def ticket(ticket_id: Any, number: Any) -> Ticket | None:
    """Return a ticket when both its names are plain."""
    known = _plain(ticket_id), _plain(number)
    return Ticket(*known) if all(known) else None


def _plain(name: Any) -> str:
    """Zendesk's ids are numbers, the others' texts; return nothing for what is neither, or odd."""
    text = str(name) if isinstance(name, str | int) else ""
    return text if _PLAIN.fullmatch(text) else ""
