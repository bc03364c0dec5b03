"""Zendesk, Jira and ServiceNow on the loopback: each keeps its tickets and answers as the real one is documented to."""

import base64
import itertools
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

USER, SECRET = "agent@example.com", "token-of-the-desk"
Query = dict[str, list[str]]
Reply = tuple[int, Any]


@dataclass
class Record:
    """One ticket, whatever its system calls it."""

    id: str
    number: str
    customer: str
    subject: str
    entries: list[str]
    requester: str = ""
    is_open: bool = True
    keys: set[str] = field(default_factory=set)


class TicketServer:
    """What the three have in common: tickets, a login, a switch for trouble, and a list of what was asked."""

    user = USER

    def __init__(self) -> None:
        self.tickets: list[Record] = []
        self.asked: list[tuple[str, str]] = []
        self.trouble: Callable[[str, str], int | None] = lambda method, path: None
        self.done_in_spite_of_trouble = False
        self.url = ""
        self._numbers = itertools.count(101)
        self._lock = threading.Lock()

    def respond(self, method: str, target: str, authorization: str, body: Any, key: str) -> Reply:
        """Answer one request."""
        parts = urlsplit(target)
        with self._lock:
            self.asked.append((method, parts.path))
            if authorization != "Basic " + base64.b64encode(f"{self.user}:{SECRET}".encode()).decode():
                return 401, {"error": "Couldn't authenticate you"}
            trouble = self.trouble(method, parts.path)
            if trouble is not None and not self.done_in_spite_of_trouble:
                return trouble, {"error": "no"}
            answer = self.handle(method, parts.path, parse_qs(parts.query), body, key)
            return answer if trouble is None else (trouble, {"error": "no"})

    def handle(self, method: str, path: str, query: Query, body: Any, key: str) -> Reply:
        raise NotImplementedError

    def entries(self) -> list[list[str]]:
        """The first line of every entry of every ticket."""
        return [[text.splitlines()[0] for text in one.entries] for one in self.tickets]

    def changes(self) -> list[tuple[str, str]]:
        """What was asked that would change something."""
        return [one for one in self.asked if one[0] != "GET" and not one[1].endswith("/search/jql")]

    def close_ticket(self, number: str) -> None:
        for one in self.tickets:
            if one.number == number:
                one.is_open = False

    def _open(self, number: str, customer: str, subject: str, text: str) -> Record:
        record = Record(number.rpartition("-")[2], number, customer, subject, [text])
        self.tickets.append(record)
        return record

    def _by_id(self, ticket_id: str) -> Record | None:
        return next((one for one in self.tickets if ticket_id in {one.id, one.number}), None)

    def _of(self, customer: str) -> list[Record]:
        """A customer's tickets, the newest first."""
        return [one for one in reversed(self.tickets) if one.customer == customer]


class ZendeskServer(TicketServer):
    """Tickets under ``/api/v2/tickets``."""

    user = f"{USER}/token"

    def handle(self, method: str, path: str, query: Query, body: Any, key: str) -> Reply:
        one = re.fullmatch(r"/api/v2/tickets/(\d+)\.json", path)
        if path == "/api/v2/tickets.json" and method == "POST":
            return self._create(body["ticket"], key)
        if path == "/api/v2/tickets.json" and method == "GET":
            return 200, {"tickets": [self._shown(record) for record in self._of(query["external_id"][0])]}
        record = self._by_id(one[1]) if one else None
        if record is None:
            return 404, {"error": "RecordNotFound"}
        return (200, {"ticket": self._shown(record)}) if method == "GET" else self._update(record, body["ticket"])

    def _create(self, ticket: Any, key: str) -> Reply:
        for earlier in self.tickets:
            if key in earlier.keys:
                return 201, {"ticket": self._shown(earlier)}
        record = self._open(
            str(next(self._numbers)), ticket["external_id"], ticket["subject"], ticket["comment"]["body"]
        )
        record.keys.add(key)
        record.requester = ticket.get("requester", {}).get("email", "")
        return 201, {"ticket": self._shown(record)}

    def _update(self, record: Record, ticket: Any) -> Reply:
        if not record.is_open:
            return 422, {"error": "RecordInvalid", "description": "Status: closed prevents ticket update"}
        assert ticket["comment"]["public"] is False
        record.entries.append(ticket["comment"]["body"])
        return 200, {"ticket": self._shown(record)}

    def _shown(self, record: Record) -> Any:
        return {"id": int(record.id), "status": "open" if record.is_open else "closed"}


class JiraServer(TicketServer):
    """Issues of the project SUP under ``/rest/api/3``."""

    def handle(self, method: str, path: str, query: Query, body: Any, key: str) -> Reply:
        if (method, path) == ("POST", "/rest/api/3/issue"):
            return self._create(body["fields"])
        if (method, path) == ("POST", "/rest/api/3/search/jql"):
            return self._search(body["jql"])
        one = re.fullmatch(r"/rest/api/3/issue/(\w+)(/comment)?", path)
        record = self._by_id(one[1]) if one else None
        if one is None or record is None:
            return 404, {"errorMessages": ["Issue does not exist or you do not have permission to see it."]}
        if method == "GET":
            return 200, self._shown(record)
        record.entries.append(_text_of(body["body"]))
        return 201, {"id": "10000"}

    def _create(self, fields: Any) -> Reply:
        assert (fields["project"], fields["issuetype"]) == ({"key": "SUP"}, {"name": "Task"})
        (label,) = fields["labels"]
        record = self._open(f"SUP-{next(self._numbers)}", label, fields["summary"], _text_of(fields["description"]))
        return 201, {"id": record.id, "key": record.number}

    def _search(self, jql: str) -> Reply:
        found = re.fullmatch(
            r'project = "SUP" AND labels = "([^"\s]+)" AND statusCategory != Done ORDER BY created DESC', jql
        )
        assert found is not None, jql
        return 200, {"issues": [self._shown(one) for one in self._of(found[1]) if one.is_open]}

    def _shown(self, record: Record) -> Any:
        category = "indeterminate" if record.is_open else "done"
        return {"id": record.id, "key": record.number, "fields": {"status": {"statusCategory": {"key": category}}}}


class ServiceNowServer(TicketServer):
    """Records of the table incident under ``/api/now/table``."""

    def handle(self, method: str, path: str, query: Query, body: Any, key: str) -> Reply:
        one = re.fullmatch(r"/api/now/table/incident(?:/(\w+))?", path)
        if one is None:
            return 400, {"error": {"message": "Invalid table"}}
        if one[1] is None:
            return self._create(body) if method == "POST" else self._search(query["sysparm_query"][0])
        record = self._by_id(one[1])
        if record is None:
            return 404, {"error": {"message": "No Record found"}}
        if method == "PATCH":
            record.entries.append(body["work_notes"])
        return 200, {"result": self._shown(record)}

    def _create(self, fields: Any) -> Reply:
        number = f"INC{next(self._numbers):07}"
        record = self._open(number, fields["correlation_id"], fields["short_description"], fields["description"])
        record.id = f"{int(number[3:]):032x}"
        return 201, {"result": self._shown(record)}

    def _search(self, query: str) -> Reply:
        found = re.fullmatch(r"correlation_id=([^^]+)\^active=true\^ORDERBYDESCsys_created_on", query)
        assert found is not None, query
        return 200, {"result": [self._shown(one) for one in self._of(found[1]) if one.is_open]}

    def _shown(self, record: Record) -> Any:
        return {"sys_id": record.id, "number": record.number, "active": "true" if record.is_open else "false"}


def _text_of(document: Any) -> str:
    """The text of an Atlassian document, whose text nodes must not be empty."""
    assert (document["type"], document["version"]) == ("doc", 1)
    nodes = [[node["text"] for node in paragraph["content"]] for paragraph in document["content"]]
    assert all(text for texts in nodes for text in texts)
    return "\n".join("".join(texts) for texts in nodes)


@contextmanager
def serving(server: TicketServer) -> Iterator[TicketServer]:
    """Run a ticket system on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _respond(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = json.loads(raw) if raw else None
            authorization, key = self.headers.get("Authorization", ""), self.headers.get("Idempotency-Key", "")
            status, content = server.respond(self.command, self.path, authorization, body, key)
            payload = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        do_GET = do_POST = do_PUT = do_PATCH = _respond  # noqa: N815 - named by http.server

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the name of the overridden method
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        listener.daemon_threads = True
        listener.block_on_close = False
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        server.url = f"http://127.0.0.1:{listener.server_port}"
        try:
            yield server
        finally:
            listener.shutdown()
            thread.join()
