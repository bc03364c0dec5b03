"""A webhook tier as a process of its own: Granian, a real socket."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPResponse
from threading import Event
from urllib.parse import urlencode

import pytest

from messaging_pipeline.twilio_api.signature import sign
from tests.support.factories import AUTH_TOKEN, environment
from tests.support.product_source import PROJECT
from tests.support.webhook_tier import FORM_TYPE, ORIGIN, SIGNATURE

PATIENCE_SECONDS = 60


class HalfACall:
    """A callback of which half has arrived."""

    def __init__(self, connection: HTTPConnection, rest: bytes) -> None:
        self._connection = connection
        self._rest = rest

    def finish(self) -> HTTPResponse:
        self._connection.send(self._rest)
        answer = self._connection.getresponse()
        answer.read()
        return answer


class Served:
    """A running `python -m webhooks`."""

    def __init__(self, process: "subprocess.Popen[str]", port: int) -> None:
        self.process = process
        self.port = port

    def wait_until_alive(self) -> None:
        for _ in range(PATIENCE_SECONDS * 20):
            if self.process.poll() is not None:
                pytest.fail(f"it ended: {self.process.communicate()[0]}")
            try:
                if self.request("GET", "/healthz").status == 200:
                    return
            except OSError:
                Event().wait(0.05)
        pytest.fail("it never listened")

    def wait_until_it_begins_to_end(self) -> None:
        """Return when its log says that it was told to; Granian may listen for some time yet."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if "Shutting down" in line:
                return
        pytest.fail("it did not say that it ends")

    def wait_until_nobody_listens(self) -> None:
        for _ in range(PATIENCE_SECONDS * 20):
            try:
                socket.create_connection(("127.0.0.1", self.port), PATIENCE_SECONDS).close()
            except ConnectionRefusedError:
                return
            Event().wait(0.05)
        pytest.fail("somebody listens on")

    def request(
        self, method: str, target: str, body: object = None, headers: dict[str, str] | None = None
    ) -> HTTPResponse:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        try:
            connection.request(method, target, body, headers or {})  # type: ignore[arg-type]
            answer = connection.getresponse()
            answer.read()
            return answer
        finally:
            connection.close()

    def call(self, target: str, form: dict[str, str], *, in_chunks: bool = False) -> HTTPResponse:
        """Post a form as Twilio does; in chunks, its length is not announced."""
        body = urlencode(form).encode()
        headers = _as_twilio(target, form)
        return self.request("POST", target, iter([body[:100], body[100:]]) if in_chunks else body, headers)

    @contextmanager
    def half_a_call(self, target: str, form: dict[str, str]) -> Iterator[HalfACall]:
        """Begin a callback of which the tier has read the head, and a part of the form."""
        body = urlencode(form).encode()
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)) as connection:
            connection.putrequest("POST", target)
            headers = {**_as_twilio(target, form), "Content-Length": str(len(body)), "Expect": "100-continue"}
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.endheaders(body[:100])
            connection.sock.recv(1, socket.MSG_PEEK)  # the tier asks for the rest of the form: it has the head
            yield HalfACall(connection, body[100:])

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_SECONDS)


def _as_twilio(target: str, form: dict[str, str]) -> dict[str, str]:
    return {"Content-Type": FORM_TYPE, SIGNATURE: sign(ORIGIN + target, form, AUTH_TOKEN)}


def start(**changes: str | None) -> "subprocess.Popen[str]":
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.Popen(
        [sys.executable, "-m", "webhooks"],
        cwd=PROJECT,
        env={**inherited, **environment(DATABASE_URL=None, **changes)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(redis_url: str, port: int, **changes: str) -> Iterator[Served]:
    with start(REDIS_URL=redis_url, PORT=str(port), **changes) as process:
        try:
            tier = Served(process, port)
            tier.wait_until_alive()
            yield tier
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(PATIENCE_SECONDS)
