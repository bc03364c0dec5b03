"""The HTTP client under Twilio's: pools, TLS, silence in the logs, and the moment at which a request fails."""

import logging
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from messaging_pipeline.connections.reaching import AnswerLost, NeverReached
from messaging_pipeline.twilio_api.wire import AnswerHead, PooledHttpClient
from tests.support.stand_in import Received, answering, closing, never_answering, resetting, stand_in
from tests.support.tls import self_signed

LONG_SECONDS = 30.0
SHORT_SECONDS = 0.2
CROWD = 6


@contextmanager
def a_wire(
    *,
    pool_size: int = 4,
    connect_timeout_seconds: float = LONG_SECONDS,
    read_timeout_seconds: float = LONG_SECONDS,
    tls: ssl.SSLContext | None = None,
) -> Iterator[PooledHttpClient]:
    wire = PooledHttpClient(
        pool_size=pool_size,
        connect_timeout_seconds=connect_timeout_seconds,
        read_timeout_seconds=read_timeout_seconds,
        tls=tls,
    )
    try:
        yield wire
    finally:
        wire.close()


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    return self_signed(tmp_path_factory.mktemp("tls"))


def test_requests_in_a_row_share_one_connection() -> None:
    with stand_in(answering(200, "ok")) as server, a_wire() as wire:
        texts = [wire.request("GET", server.url).text for _ in range(3)]
    assert texts == ["ok", "ok", "ok"]
    assert server.connections == 1


def test_tls_is_spoken_and_the_servers_certificate_believed_when_it_is_trusted(
    tls: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    for_server, for_client = tls
    with stand_in(answering(200, "ok"), for_server) as server, a_wire(tls=for_client) as wire:
        texts = [wire.request("GET", server.url).text for _ in range(2)]
    assert texts == ["ok", "ok"]
    assert server.connections == 1


def test_an_untrusted_certificate_stops_the_request_before_it_leaves(
    tls: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    with stand_in(answering(200, "ok"), tls[0]) as server, a_wire() as wire, pytest.raises(NeverReached, match="TLS"):
        wire.request("POST", server.url, data={"Body": "x"})
    assert server.requests == []


def test_a_server_that_does_not_speak_tls_is_never_reached() -> None:
    with stand_in(answering(200, "ok")) as server, a_wire() as wire, pytest.raises(NeverReached, match="TLS"):
        wire.request("POST", server.url.replace("http:", "https:"), data={"Body": "x"})
    assert server.requests == []


def test_a_handshake_that_hangs_is_a_server_never_reached() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as mute,
        a_wire(connect_timeout_seconds=SHORT_SECONDS) as wire,
        pytest.raises(NeverReached, match="too long"),
    ):
        wire.request("POST", f"https://127.0.0.1:{mute.getsockname()[1]}", data={"Body": "x"})


@pytest.mark.parametrize("script", [closing, resetting, never_answering])
def test_over_tls_too_an_answer_that_does_not_come_is_lost(
    script: Callable[[Received, socket.socket], bool], tls: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    for_server, for_client = tls
    with (
        stand_in(script, for_server) as server,
        a_wire(tls=for_client, read_timeout_seconds=SHORT_SECONDS) as wire,
        pytest.raises(AnswerLost),
    ):
        wire.request("POST", server.url, data={"Body": "x"})
    assert len(server.requests) == 1


@pytest.mark.parametrize("address", ["http://", "ftp://127.0.0.1/x", "http://[::1", "http://127.0.0.1:0/"])
def test_an_address_that_leads_nowhere_is_never_reached(address: str) -> None:
    with a_wire() as wire, pytest.raises(NeverReached):
        wire.request("GET", address)


def test_credentials_go_out_as_basic_authorization() -> None:
    with stand_in(answering(200)) as server, a_wire() as wire:
        wire.request("GET", server.url, auth=("AC1", "tökén"))
        wire.request("GET", server.url)
    with_auth, without = server.requests
    assert with_auth.headers["authorization"] == "Basic QUMxOnTDtmvDqW4="
    assert "authorization" not in without.headers


def test_a_query_is_appended_to_the_address() -> None:
    with stand_in(answering(200)) as server, a_wire() as wire:
        wire.request("GET", f"{server.url}/list", params={"PageSize": 5, "To": "+1415 5"})
    assert server.requests[0].target == "/list?PageSize=5&To=%2B1415+5"


def test_an_address_with_odd_characters_is_sent_as_one_line() -> None:
    with stand_in(answering(200)) as server, a_wire() as wire:
        wire.request("GET", f'{server.url}/a b\u00e9%2F?To=+1 2&x=["]')
    assert server.requests[0].target == "/a%20b%C3%A9%2F?To=+1%202&x=[%22]"


def test_a_line_break_in_a_header_never_leaves() -> None:
    with stand_in(answering(200)) as server, a_wire() as wire, pytest.raises(ValueError, match="line break"):
        wire.request("GET", server.url, headers={"X-Note": "a\r\nX-Other: b"})
    assert server.connections == 0


def test_a_host_with_a_port_is_named_with_it() -> None:
    with stand_in(answering(200)) as server, a_wire() as wire:
        wire.request("GET", server.url)
    assert server.requests[0].headers["host"] == f"127.0.0.1:{server.port}"


def test_a_pool_smaller_than_the_crowd_makes_nobody_wait() -> None:
    everybody_is_here = threading.Barrier(CROWD)

    def together(request: Received, connection: socket.socket) -> bool:
        everybody_is_here.wait()
        return answering(200, "ok")(request, connection)

    with stand_in(together) as server, a_wire(pool_size=1) as wire, ThreadPoolExecutor(CROWD) as crowd:
        answers = list(crowd.map(lambda _: wire.request("GET", server.url).text, range(CROWD)))
    assert answers == ["ok"] * CROWD
    assert server.connections == CROWD


def test_the_head_of_the_latest_answer_is_kept_and_a_failure_clears_it() -> None:
    with stand_in(answering(418, "", {"Retry-After": "3"})) as server, a_wire() as wire:
        before = wire.last_answer_head()
        wire.request("GET", server.url)
        after = wire.last_answer_head()
        with pytest.raises(NeverReached):
            wire.request("GET", "http://127.0.0.1:0")
    assert (before, after) == (None, AnswerHead(418, 3.0))
    assert wire.last_answer_head() is None


def test_neither_number_nor_body_nor_token_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), stand_in(answering(500, "oh no")) as server, a_wire() as wire:
        wire.request("POST", server.url, data={"To": "+14155550123", "Body": "4711"}, auth=("AC1", "token"))
    for secret in ("4155550123", "4711", "token", "oh no", "Basic"):
        assert secret not in caplog.text


def test_the_text_of_a_failure_repeats_nothing_of_the_request() -> None:
    with stand_in(closing) as server, a_wire() as wire, pytest.raises(AnswerLost) as caught:
        wire.request("POST", server.url, data={"To": "+14155550123", "Body": "4711"})
    assert str(caught.value) == "the connection broke before a whole answer came"
