"""Connections between requests: which of them are used again, and which are not."""

import select
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from messaging_pipeline.connections.reaching import AnswerLost
from messaging_pipeline.twilio_api.kept_connections import Connection, KeptConnections, Origin
from tests.support.stand_in import Received, Script, StandIn, answering, dripping, stand_in

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
LONG_SECONDS = 30.0


@contextmanager
def an_answered_connection(server: StandIn, **settings: float) -> Iterator[tuple[Connection, socket.socket]]:
    raw = socket.create_connection(("127.0.0.1", server.port))
    connection = Connection(raw, **settings)
    try:
        connection.exchange(REQUEST, LONG_SECONDS)
        yield connection, raw
    finally:
        connection.close()


@contextmanager
def kept(most_kept: int = 4) -> Iterator[KeptConnections]:
    connections = KeptConnections(
        most_kept=most_kept, connect_timeout_seconds=LONG_SECONDS, tls=ssl.create_default_context()
    )
    try:
        yield connections
    finally:
        connections.close()


def an_origin(server: StandIn) -> Origin:
    return Origin("127.0.0.1", server.port, is_secure=False)


def exchanged(script: Script, times: int = 2, most_kept: int = 4) -> StandIn:
    with stand_in(script) as server, kept(most_kept) as connections:
        for _ in range(times):
            connections.exchange(an_origin(server), REQUEST, LONG_SECONDS)
    return server


def test_a_connection_that_has_answered_may_carry_another_request() -> None:
    with stand_in(answering(200, "ok")) as server, an_answered_connection(server) as (connection, _):
        assert connection.is_usable


def test_a_connection_that_rested_too_long_is_not_used_again() -> None:
    with stand_in(answering(200, "ok")) as server, an_answered_connection(server, idle_seconds=0.0) as (connection, _):
        assert not connection.is_usable


def test_a_connection_that_the_server_has_closed_is_not_used_again() -> None:
    def once(request: Received, connection: socket.socket) -> bool:
        answering(200, "ok")(request, connection)
        return False

    with stand_in(once) as server, an_answered_connection(server) as (connection, raw):
        select.select([raw], [], [], LONG_SECONDS)  # until the server's farewell has come
        assert not connection.is_usable


def test_an_answer_that_comes_a_byte_at_a_time_is_lost_when_it_takes_too_long() -> None:
    """Each byte is in time, and a lane would wait for the last one for days."""
    drops: list[bytes] = []

    with stand_in(dripping(drops, 60)) as server:
        connection = Connection(socket.create_connection(("127.0.0.1", server.port)), longest_answer_seconds=0.3)
        with pytest.raises(AnswerLost, match="in time"):
            connection.exchange(REQUEST, LONG_SECONDS)
        connection.close()
    assert len(drops) < 60


def test_a_connection_that_spoke_unasked_is_not_used_again() -> None:
    def twice(_: Received, connection: socket.socket) -> bool:
        one = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        connection.sendall(one + b"HTTP/1.1 500 And another thing\r\nContent-Length: 0\r\n\r\n")
        return True

    with stand_in(twice) as server, kept() as connections:
        answers = [connections.exchange(an_origin(server), REQUEST, LONG_SECONDS) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 200]


@pytest.mark.parametrize("header", [{"Connection": "close"}, {"Connection": "Keep-Alive, Close"}])
def test_a_server_that_wants_to_close_is_taken_at_its_word(header: dict[str, str]) -> None:
    assert exchanged(answering(200, "ok", header)).connections == 2


def test_requests_in_a_row_share_one_connection() -> None:
    assert exchanged(answering(200, "ok"), times=5).connections == 1


def test_no_more_connections_are_kept_than_were_asked_for() -> None:
    assert exchanged(answering(200, "ok"), most_kept=0).connections == 2


def test_after_a_lost_answer_the_connection_is_given_up() -> None:
    def broken(request: Received, connection: socket.socket) -> bool:
        connection.sendall(b"nonsense\r\n\r\n")
        return True

    with stand_in(broken) as server, kept() as connections:
        for _ in range(2):
            with pytest.raises(AnswerLost):
                connections.exchange(an_origin(server), REQUEST, LONG_SECONDS)
        assert server.connections == 2
