"""Fetching a file that somebody sent: whole and in time, or not at all."""

import io
import socket

import pytest

from messaging_pipeline.inbound_media import fetching
from messaging_pipeline.media.findings import NotNow
from messaging_pipeline.policies.inbound_media import InboundMediaPolicy
from messaging_pipeline.twilio_api.accounts import TwilioLogin
from tests.support.stand_in import Received, stand_in

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nConnection: close\r\n"
POLICY = InboundMediaPolicy(store="file:///nowhere")


@pytest.mark.parametrize(
    ("at_once", "breath_seconds"),
    [(HEAD + b"X: ", 0.05), (HEAD + b"\r\n", 0.05), (HEAD + b"\r\n", 3.0)],
    ids=["its head", "its body", "a part, and then nothing"],
)
def test_what_is_not_whole_in_time_is_not_kept_and_may_come_again(
    monkeypatch: pytest.MonkeyPatch, at_once: bytes, breath_seconds: float
) -> None:
    """Without a length, what we ended ourselves looks like all of it."""
    monkeypatch.setattr(fetching, "LONGEST_SECONDS", 0.5)
    drops: list[bytes] = []

    def dripping(request: Received, connection: socket.socket) -> bool:
        connection.sendall(at_once)
        connection.settimeout(breath_seconds)
        try:
            while len(drops) < 100:
                connection.sendall(b"x")
                drops.append(b"x")
                if hung_up(connection):
                    break
        except OSError:
            pass
        return False

    with stand_in(dripping) as server, pytest.raises(NotNow):
        fetching.fetch(f"{server.url}/a", TwilioLogin(server.url, "Basic x"), POLICY, io.BytesIO())
    assert len(drops) < 100


def hung_up(connection: socket.socket) -> bool:
    """Wait for a breath; tell whether the other side has left meanwhile."""
    try:
        return connection.recv(1) == b""
    except TimeoutError:
        return False
