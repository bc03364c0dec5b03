"""The gate before the simulator: open it carries, shut it refuses and cuts what is under way."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from messaging_pipeline.stack.ports import LOOPBACK
from tests.faults.gate import Gate


@pytest.fixture
def echo_port() -> Iterator[int]:
    """A server that gives back what it gets."""
    with socket.create_server((LOOPBACK, 0)) as server:
        threading.Thread(target=_serve, args=(server,), daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def _serve(server: socket.socket) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        threading.Thread(target=_echo, args=(connection,), daemon=True).start()


def _echo(connection: socket.socket) -> None:
    with connection:
        while said := connection.recv(1024):
            connection.sendall(said)


def exchange(port: int, said: bytes) -> bytes:
    with socket.create_connection((LOOPBACK, port), timeout=5) as client:
        client.sendall(said)
        return client.recv(1024)


def test_an_open_gate_carries_both_ways(echo_port: int) -> None:
    with Gate(echo_port) as gate:
        assert exchange(gate.port, b"hello") == b"hello"
        assert gate.outages == []


def test_a_shut_gate_refuses_and_an_opened_one_carries_again(echo_port: int) -> None:
    with Gate(echo_port) as gate:
        gate.shut()
        with pytest.raises(ConnectionRefusedError):
            exchange(gate.port, b"hello")
        gate.open()
        assert exchange(gate.port, b"hello") == b"hello"
        assert len(gate.outages) == 1


def test_shutting_cuts_what_is_under_way(echo_port: int) -> None:
    with Gate(echo_port) as gate, socket.create_connection((LOOPBACK, gate.port), timeout=5) as client:
        client.sendall(b"hello")
        assert client.recv(1024) == b"hello"
        gate.shut()
        with suppress(ConnectionResetError):
            assert client.recv(1024) == b""
