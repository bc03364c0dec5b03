"""ServiceNow's records by its Table API (https://www.servicenow.com/docs/r/api-reference/rest-apis/c_TableAPI.html)."""

import ssl
from typing import Any
from urllib.parse import urlencode

from messaging_pipeline.tickets.answers import each, ticket, within
from messaging_pipeline.tickets.contract import Customer, Entry, Ticket, Told
from messaging_pipeline.tickets.rest_wire import Login, RestWire

_FIELDS = "sys_id,number,active"


class ServiceNow:
    """Records carry the customer's key as their ``correlation_id``. Open means active, as resolved ones still are."""

    def __init__(
        self,
        login: Login,
        table: str,
        *,
        tls: ssl.SSLContext | None = None,
        read_timeout_seconds: float = 15.0,
    ) -> None:
        """Prepare; nothing is connected yet."""
        self._records = f"/api/now/table/{table}"
        self._wire = RestWire("ServiceNow", login, tls=tls, read_timeout_seconds=read_timeout_seconds)

    def find_open(self, customer: Customer, known: str | None) -> Ticket | None:
        """Return the customer's active record; raises NotAnswered."""
        if known is not None:
            told = self._wire.ask(f"{self._records}/{known}?{urlencode({'sysparm_fields': _FIELDS})}")
            found = _active(within(told, "result"))
            if found is not None:
                return found
        query = {
            "sysparm_query": f"correlation_id={customer.key}^active=true^ORDERBYDESCsys_created_on",
            "sysparm_fields": _FIELDS,
            "sysparm_limit": 10,
        }
        listed = self._wire.ask(f"{self._records}?{urlencode(query)}")
        return next((one for one in map(_active, each(listed, "result")) if one is not None), None)

    def create(self, entry: Entry) -> Told:
        """Open a record."""
        fields = {
            "short_description": entry.subject,
            "description": entry.text,
            "correlation_id": entry.customer.key,
        }
        target = f"{self._records}?{urlencode({'sysparm_fields': _FIELDS})}"
        return self._wire.tell("POST", target, fields, _created, absent="not_sent")

    def append(self, ticket: Ticket, entry: Entry) -> Told:
        """Add a work note: a comment would be mailed to the caller as an agent's words."""
        target = f"{self._records}/{ticket.id}?{urlencode({'sysparm_fields': 'sys_id'})}"
        return self._wire.tell("PATCH", target, {"work_notes": entry.text}, lambda _: ticket)

    def close(self) -> None:
        """Close the connections that no thread is using."""
        self._wire.close()


def _created(content: Any) -> Ticket | None:
    return _ticket_in(within(content, "result"))


def _ticket_in(record: Any) -> Ticket | None:
    return ticket(within(record, "sys_id"), within(record, "number"))


def _active(record: Any) -> Ticket | None:
    return _ticket_in(record) if str(within(record, "active")).lower() == "true" else None
