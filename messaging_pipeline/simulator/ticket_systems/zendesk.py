"""Zendesk's tickets (https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/)."""

import re
from typing import Any

from messaging_pipeline.simulator.ticket_systems.desk import Asked, Record, Reply, Shelf

_NOT_FOUND: Reply = (404, {"error": "RecordNotFound"})
_CLOSED: Reply = (422, {"error": "RecordInvalid", "description": "Status: closed prevents ticket update"})


class Zendesk:
    """Tickets under ``/api/v2/tickets``; who comes with an API token writes ``/token`` behind their address."""

    def __init__(self) -> None:
        self.shelf = Shelf()

    def user(self, name: str) -> str:
        """Return the name with the mark of an API token."""
        return f"{name}/token"

    def answer(self, asked: Asked) -> Reply:
        """Create, list by ``external_id``, show and update."""
        if asked.path == "/api/v2/tickets.json":
            return self._create(asked) if asked.method == "POST" else self._page(asked.query["external_id"])
        one = re.fullmatch(r"/api/v2/tickets/(\d+)\.json", asked.path)
        record = self.shelf.by_id(one[1]) if one else None
        if record is None:
            return _NOT_FOUND
        return (200, {"ticket": _shown(record)}) if asked.method == "GET" else _update(record, asked.body["ticket"])

    def _create(self, asked: Asked) -> Reply:
        """The same ``Idempotency-Key`` is answered with the same ticket."""
        ticket, key = asked.body["ticket"], asked.idempotency_key
        known = next((one for one in self.shelf.records if key and key in one.keys), None)
        return 201, {"ticket": _shown(known or self._open(ticket, key))}

    def _open(self, ticket: Any, key: str) -> Record:
        number = str(self.shelf.next_number())
        record = Record(number, number, ticket["external_id"], ticket["subject"], [ticket["comment"]["body"]])
        record.keys.add(key)
        record.requester = ticket.get("requester", {}).get("email", "")
        return self.shelf.add(record)

    def _page(self, customer: str) -> Reply:
        return 200, {"tickets": [_shown(record) for record in self.shelf.of(customer)]}


def _update(record: Record, ticket: Any) -> Reply:
    if not record.is_open:
        return _CLOSED
    if ticket["comment"]["public"] is not False:
        raise ValueError("a customer's own words come back to them as the desk's answer unless they are private")
    record.entries.append(ticket["comment"]["body"])
    return 200, {"ticket": _shown(record)}


def _shown(record: Record) -> Any:
    return {"id": int(record.id), "status": "open" if record.is_open else "closed"}
