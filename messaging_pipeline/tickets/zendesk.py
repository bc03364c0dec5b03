"""Zendesk's tickets (https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/)."""

import ssl
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from messaging_pipeline.tickets.answers import each, ticket, within
from messaging_pipeline.tickets.contract import Customer, Entry, Ticket, Told
from messaging_pipeline.tickets.rest_wire import Login, RestWire

_OPEN = frozenset({"new", "open", "pending", "hold"})
_TICKETS = "/api/v2/tickets"


class Zendesk:
    """Tickets carry the customer's key as their ``external_id``, by which Zendesk lists them."""

    def __init__(self, login: Login, *, tls: ssl.SSLContext | None = None, read_timeout_seconds: float = 15.0) -> None:
        """Prepare; nothing is connected yet. The login's password is an API token."""
        with_token = replace(login, user=f"{login.user}/token")
        self._wire = RestWire("Zendesk", with_token, tls=tls, read_timeout_seconds=read_timeout_seconds)

    def find_open(self, customer: Customer, known: str | None) -> Ticket | None:
        """Return the customer's open ticket; raises NotAnswered."""
        if known is not None:
            found = _open(within(self._wire.ask(f"{_TICKETS}/{known}.json"), "ticket"))
            if found is not None:
                return found
        query = {"external_id": customer.key, "sort_by": "created_at", "sort_order": "desc", "per_page": 100}
        listed = self._wire.ask(f"{_TICKETS}.json?{urlencode(query)}")
        return next((one for one in map(_open, each(listed, "tickets")) if one is not None), None)

    def create(self, entry: Entry) -> Told:
        """Open a ticket. Zendesk knows the key of an entry for two hours, should anything between us repeat it."""
        fields: dict[str, Any] = {
            "subject": entry.subject,
            "comment": {"body": entry.text},
            "external_id": entry.customer.key,
            "tags": ["sms"],
        }
        if entry.customer.email:
            fields["requester"] = {
                "email": entry.customer.email,
                "name": entry.customer.name or entry.customer.email,
            }
        key = {"Idempotency-Key": entry.token}
        return self._wire.tell("POST", f"{_TICKETS}.json", {"ticket": fields}, _ticket_in, key, absent="not_sent")

    def append(self, ticket: Ticket, entry: Entry) -> Told:
        """Add a comment, and open a ticket that waited for the customer.

        The comment is for agents only: a public one would be mailed to the customer as an agent's words.
        """
        comment = {"body": entry.text, "public": False}
        change = {"ticket": {"comment": comment, "status": "open"}}
        return self._wire.tell("PUT", f"{_TICKETS}/{ticket.id}.json", change, lambda _: ticket)

    def close(self) -> None:
        """Close the connections that no thread is using."""
        self._wire.close()


def _ticket_in(content: Any) -> Ticket | None:
    found = within(content, "ticket", "id")
    return ticket(found, found)


def _open(one: Any) -> Ticket | None:
    return ticket(within(one, "id"), within(one, "id")) if within(one, "status") in _OPEN else None
