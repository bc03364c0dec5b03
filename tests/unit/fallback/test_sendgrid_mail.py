"""Letters handed to SendGrid's API: what is asked, and what each answer, or its absence, proves."""

import json
import logging
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.fallback.letters import Posted
from messaging_pipeline.fallback.sendgrid_mail import SendGridPostbox
from tests.support.letters import RECIPIENT, SENDER, a_letter
from tests.support.stand_in import Received, Script, answering, closing, never_answering, resetting, stand_in
from tests.support.tls import self_signed

KEY = "SG.abc-def_123"
LONG_SECONDS = 60.0
SHORT_SECONDS = 0.2
COMPLAINT = {"errors": [{"message": f"no, not for {RECIPIENT}", "field": "to"}]}


@contextmanager
def a_postbox(
    base_url: str,
    sender: str = SENDER,
    *,
    connect_timeout_seconds: float = LONG_SECONDS,
    read_timeout_seconds: float = LONG_SECONDS,
    tls: ssl.SSLContext | None = None,
) -> Iterator[SendGridPostbox]:
    postbox = SendGridPostbox(KEY, base_url, sender, connect_timeout_seconds, read_timeout_seconds, tls=tls)
    try:
        yield postbox
    finally:
        postbox.close()


def test_a_letter_is_asked_for_in_sendgrids_words() -> None:
    letter = a_letter(subject="Dein Tisch\r\nBcc: eve@example.com", text="Guten Tag 👋🏽\nhalf \ud83d")
    with (
        stand_in(answering(202, "", {"X-Message-Id": "abc.123"})) as server,
        a_postbox(f"{server.url}/proxied/", f"Shop Zürich <{SENDER}>") as postbox,
    ):
        posted = postbox.post(letter)
    assert posted == Posted("sent", "SendGrid took the letter (X-Message-Id abc.123)")
    (request,) = server.requests
    assert request.target == "/proxied/v3/mail/send"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.body) == {
        "personalizations": [{"to": [{"email": RECIPIENT}]}],
        "from": {"email": SENDER, "name": "Shop Zürich"},
        "subject": "Dein Tisch  Bcc: eve@example.com",
        "content": [{"type": "text/plain", "value": "Guten Tag 👋🏽\nhalf ?"}],
        "headers": {"Auto-Submitted": "auto-generated"},
        "custom_args": {"step": "0197-1"},
    }


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (202, "sent"),
        (200, "unconfirmed"),
        (204, "unconfirmed"),
        (301, "not_sent"),
        (307, "not_sent"),
        (400, "refused"),
        (401, "not_sent"),
        (403, "not_sent"),
        (404, "not_sent"),
        (405, "not_sent"),
        (408, "unconfirmed"),
        (413, "refused"),
        (429, "not_sent"),
        (500, "unconfirmed"),
        (503, "unconfirmed"),
    ],
)
def test_each_answer_has_its_verdict_and_is_asked_for_once(status: int, state: str) -> None:
    script = answering(status, COMPLAINT, {"Location": "/elsewhere", "Retry-After": "0"})
    with stand_in(script) as server, a_postbox(server.url) as postbox:
        posted = postbox.post(a_letter())
    assert posted.state == state
    assert RECIPIENT not in posted.explanation
    assert len(server.requests) == 1


@pytest.mark.parametrize("script", [closing, resetting, never_answering])
def test_an_answer_that_does_not_come_leaves_the_letter_in_doubt(script: Script) -> None:
    with stand_in(script) as server, a_postbox(server.url, read_timeout_seconds=SHORT_SECONDS) as postbox:
        posted = postbox.post(a_letter())
    assert posted.state == "unconfirmed"
    assert len(server.requests) == 1


def test_an_answer_that_is_no_http_leaves_the_letter_in_doubt() -> None:
    def babbling(request: Received, connection: socket.socket) -> bool:
        connection.sendall(b"220 mail.example.com ESMTP\r\n")
        return False

    with stand_in(babbling) as server, a_postbox(server.url) as postbox:
        assert postbox.post(a_letter()).state == "unconfirmed"


def test_a_yes_whose_text_is_cut_short_is_a_yes() -> None:
    def truncated(request: Received, connection: socket.socket) -> bool:
        connection.sendall(b"HTTP/1.1 202 Accepted\r\nX-Message-Id: <script>\r\nContent-Length: 100\r\n\r\nhalf")
        return False

    with stand_in(truncated) as server, a_postbox(server.url) as postbox:
        assert postbox.post(a_letter()) == Posted("sent", "SendGrid took the letter")


def test_letters_in_a_row_share_one_connection() -> None:
    with stand_in(answering(202, COMPLAINT)) as server, a_postbox(server.url) as postbox:
        states = [postbox.post(a_letter()).state for _ in range(3)]
    assert states == ["sent"] * 3
    assert server.connections == 1


def test_a_server_that_refuses_the_connection_was_not_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with a_postbox(f"http://127.0.0.1:{port}") as postbox:
        posted = postbox.post(a_letter())
    assert posted == Posted("not_sent", "SendGrid was not reached: no connection could be made")


def test_a_name_that_does_not_resolve_was_not_reached() -> None:
    with a_postbox("https://sendgrid.invalid") as postbox:
        posted = postbox.post(a_letter())
    assert posted == Posted("not_sent", "SendGrid was not reached: the host name could not be resolved")


def test_a_handshake_that_hangs_is_a_server_not_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        base_url = f"https://127.0.0.1:{mute.getsockname()[1]}"
        with a_postbox(base_url, connect_timeout_seconds=SHORT_SECONDS) as postbox:
            posted = postbox.post(a_letter())
    assert posted == Posted("not_sent", "SendGrid was not reached: connecting took too long")


@pytest.mark.parametrize(("trusted", "state"), [(True, "sent"), (False, "not_sent")])
def test_the_key_goes_only_to_a_server_whose_certificate_is_believed(
    trusted: bool, state: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for_server, for_client = self_signed(tmp_path_factory.mktemp("tls"))
    with (
        stand_in(answering(202), for_server) as server,
        a_postbox(server.url, tls=for_client if trusted else None) as postbox,
    ):
        assert postbox.post(a_letter()).state == state
    assert len(server.requests) == int(trusted)


def test_neither_the_address_nor_the_text_nor_the_key_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with (
        caplog.at_level(logging.DEBUG),
        stand_in(answering(400, COMPLAINT)) as server,
        a_postbox(server.url) as postbox,
    ):
        postbox.post(a_letter())
    assert not any(secret in caplog.text for secret in (RECIPIENT, "It is ready.", KEY))


@pytest.mark.parametrize("key", ["", "two words", "SG.schlüssel", "SG.abc\r\nX-Evil: 1"])
def test_a_key_that_no_header_can_carry_is_named_and_not_repeated(key: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        SendGridPostbox(key, "https://api.sendgrid.com", SENDER)
    assert caught.value.setting == "SENDGRID_API_KEY"
    assert not key or key not in str(caught.value)


@pytest.mark.parametrize(
    "base_url",
    [
        "https://",
        "ftp://api",
        "api.sendgrid.com",
        "https://[::1",
        "https://u:p@api",
        "https://api?x=1",
        "https://api#x",
    ],
)
def test_a_base_url_that_leads_to_no_api_is_named(base_url: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        SendGridPostbox(KEY, base_url, SENDER)
    assert caught.value.setting == "SENDGRID_API_BASE_URL"
