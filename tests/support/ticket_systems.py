"""The simulator's ticket systems one by one, each on a port of its own, with a switch for trouble."""

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from messaging_pipeline.simulator.ticket_systems.desk import Asked, Desk, Record, Reply

USER, SECRET = "agent@example.com", "token-of-the-desk"


class TicketServer:
    """One ticket system, and what a test does with it."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.asked: list[tuple[str, str]] = []
        self.trouble: Callable[[str, str], int | None] = lambda method, path: None
        self.done_in_spite_of_trouble = False
        self.url = ""
        self._lock = threading.Lock()

    @property
    def tickets(self) -> list[Record]:
        return self.desk.shelf.records

    def respond(self, method: str, target: str, authorization: str, body: Any, key: str) -> Reply:
        """Answer one request."""
        parts = urlsplit(target)
        with self._lock:
            self.asked.append((method, parts.path))
            login = f"{self.desk.user(USER)}:{SECRET}".encode()
            if authorization != "Basic " + base64.b64encode(login).decode():
                return 401, {"error": "Couldn't authenticate you"}
            trouble = self.trouble(method, parts.path)
            if trouble is not None and not self.done_in_spite_of_trouble:
                return trouble, {"error": "no"}
            answer = self.desk.answer(Asked(method, parts.path, dict(parse_qsl(parts.query)), body, key))
            return answer if trouble is None else (trouble, {"error": "no"})

    def entries(self) -> list[list[str]]:
        """The first line of every entry of every ticket."""
        return [[text.splitlines()[0] for text in one.entries] for one in self.tickets]

    def changes(self) -> list[tuple[str, str]]:
        """What was asked that would change something."""
        return [one for one in self.asked if one[0] != "GET" and not one[1].endswith("/search/jql")]

    def close_ticket(self, number: str) -> None:
        assert self.desk.shelf.close(number)


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
