"""Incidents of ServiceNow's Table API (https://www.servicenow.com/docs/r/api-reference/rest-apis/c_TableAPI.html)."""

import re
from typing import Any

from messaging_pipeline.simulator.ticket_systems.desk import Asked, Record, Reply, Shelf

_NO_TABLE: Reply = (400, {"error": {"message": "Invalid table"}})
_NOT_FOUND: Reply = (404, {"error": {"message": "No Record found"}})
_QUERY = re.compile(r"correlation_id=(?P<customer>[^^]+)\^active=true\^ORDERBYDESCsys_created_on")


class ServiceNow:
    """Records of the table ``incident`` under ``/api/now/table``; it understands the one query that we ask."""

    def __init__(self) -> None:
        self.shelf = Shelf()

    def user(self, name: str) -> str:
        """Return the name as it is."""
        return name

    def answer(self, asked: Asked) -> Reply:
        """Create, search, show and update."""
        one = re.fullmatch(r"/api/now/table/incident(?:/(\w+))?", asked.path)
        if one is None:
            return _NO_TABLE
        if one[1] is None:
            return self._create(asked.body) if asked.method == "POST" else self._search(asked.query["sysparm_query"])
        record = self.shelf.by_id(one[1])
        if record is None:
            return _NOT_FOUND
        if asked.method == "PATCH":
            record.entries.append(asked.body["work_notes"])
        return 200, {"result": _shown(record)}

    def _create(self, fields: Any) -> Reply:
        number = self.shelf.next_number()
        customer, subject, text = (fields[name] for name in ("correlation_id", "short_description", "description"))
        record = self.shelf.add(Record(f"{number:032x}", f"INC{number:07}", customer, subject, [text]))
        return 201, {"result": _shown(record)}

    def _search(self, query: str) -> Reply:
        found = _QUERY.fullmatch(query)
        if found is None:
            raise ValueError("is no query that is understood here")
        return 200, {"result": [_shown(one) for one in self.shelf.of(found["customer"]) if one.is_open]}


def _shown(record: Record) -> Any:
    return {"sys_id": record.id, "number": record.number, "active": "true" if record.is_open else "false"}
