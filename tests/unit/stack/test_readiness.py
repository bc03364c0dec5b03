"""Asking a child whether it does its work yet."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from messaging_pipeline.stack.ports import LOOPBACK, free_port
from messaging_pipeline.stack.readiness import SimulatorAddress, http_answers, simulator_address


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/readyz" else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def _server() -> Iterator[int]:
    with HTTPServer((LOOPBACK, 0), _Answers) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def test_a_server_that_answers_200_is_ready() -> None:
    with _server() as port:
        assert http_answers(port, "/readyz")


def test_a_server_that_answers_anything_else_is_not_ready() -> None:
    with _server() as port:
        assert not http_answers(port, "/other")


def test_a_port_nobody_listens_on_is_not_ready() -> None:
    assert not http_answers(free_port(), "/readyz")


READY_LINE = (
    '{"url": "http://127.0.0.1:4010", "more": "to come", "smtp_port": 2525, "seed": 7, "sendgrid_public_key": "MF=="}\n'
)


@pytest.mark.parametrize(
    "log",
    [
        pytest.param(READY_LINE, id="at once"),
        pytest.param('warning: slow machine\n{"event": "starting"}\n' + READY_LINE + "more\n", id="among other lines"),
    ],
)
def test_the_simulators_address_is_read_from_its_log(tmp_path: Path, log: str) -> None:
    (tmp_path / "simulator.log").write_text(log)
    found = simulator_address(tmp_path / "simulator.log")
    assert found == SimulatorAddress("http://127.0.0.1:4010", 2525, 7, "MF==")


def test_half_a_line_is_not_an_address_yet(tmp_path: Path) -> None:
    (tmp_path / "simulator.log").write_text(READY_LINE[:-1])
    assert simulator_address(tmp_path / "simulator.log") is None


def test_a_simulator_that_has_not_started_has_no_address(tmp_path: Path) -> None:
    assert simulator_address(tmp_path / "simulator.log") is None
