"""A webhook tier as a process of its own: Granian, a real socket."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from threading import Event
from urllib.parse import urlencode

import pytest

from messaging_pipeline.twilio_api.signature import sign
from tests.support.factories import AUTH_TOKEN, environment
from tests.support.product_source import PROJECT
from tests.support.webhook_tier import FORM_TYPE, ORIGIN, SIGNATURE

PATIENCE_SECONDS = 60


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
        headers = {"Content-Type": FORM_TYPE, SIGNATURE: sign(ORIGIN + target, form, AUTH_TOKEN)}
        return self.request("POST", target, iter([body[:100], body[100:]]) if in_chunks else body, headers)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_SECONDS)


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
