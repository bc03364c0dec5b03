"""A customer's web server: a real one, which keeps every webhook it gets and answers as it is told."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from twilio.request_validator import RequestValidator

PATIENCE_SECONDS = 20.0
LADDER = ("queued", "sent", "failed", "undelivered", "delivered", "read")


@dataclass(frozen=True)
class Webhook:
    """One request as it arrived."""

    target: str
    headers: dict[str, str]
    content: bytes

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.content.decode(), keep_blank_values=True))

    @property
    def status(self) -> str:
        return self.form["MessageStatus"]

    def is_signed(self, origin: str, token: str) -> bool:
        signature = self.headers["x-twilio-signature"]
        return bool(RequestValidator(token).validate(origin + self.target, self.form, signature))


class CannedAnswer(NamedTuple):
    status: int = 204
    content: bytes = b""
    content_type: str = "text/xml"
    hang_up: bool = False


class WebhookReceiver:
    """Gives webhooks out in the order in which they came."""

    def __init__(self, port: int) -> None:
        self.origin = f"http://127.0.0.1:{port}"
        self.arrived: Queue[Webhook] = Queue()
        self._answers: deque[CannedAnswer] = deque()

    def answer_next(self, *answers: CannedAnswer) -> None:
        """Give these answers to the next requests; all others get 204."""
        self._answers.extend(answers)

    def url(self, path: str = "/status") -> str:
        return self.origin + path

    def take(self, count: int = 1) -> list[Webhook]:
        """Wait for that many more webhooks."""
        return [self.arrived.get(timeout=PATIENCE_SECONDS) for _ in range(count)]

    def take_life(self, count: int) -> list[Webhook]:
        """Wait for that many more webhooks of one message, as its life goes: on the wire they may overtake another."""
        return sorted(self.take(count), key=lambda webhook: LADDER.index(webhook.status))

    def next_answer(self) -> CannedAnswer:
        return self._answers.popleft() if self._answers else CannedAnswer()


class _Server(ThreadingHTTPServer):
    receiver: WebhookReceiver

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that hangs up is no error here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): text for name, text in self.headers.items()}
        receiver = self.server.receiver
        answer = receiver.next_answer()
        receiver.arrived.put(Webhook(self.path, headers, content))
        if answer.hang_up:
            self.close_connection = True
            return
        self.send_response(answer.status)
        if answer.content:
            self.send_header("Content-Type", answer.content_type)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def webhook_receiver() -> Iterator[WebhookReceiver]:
    """Run a receiver on loopback, on a port of the system's choice."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.receiver = WebhookReceiver(server.server_port)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server.receiver
        finally:
            server.shutdown()
            thread.join()
