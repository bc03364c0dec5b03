"""Letters handed to a real mail server: what arrives, over which line, and in whose name."""

import ssl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.fallback.letters import Posted
from messaging_pipeline.fallback.smtp_mail import SmtpPostbox
from tests.support.letters import RECIPIENT, SENDER, a_letter
from tests.support.mail_server import mail_server
from tests.support.tls import self_signed

TAKEN = Posted("sent", "the mail server took the letter (250)")


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    return self_signed(tmp_path_factory.mktemp("tls"))


def test_a_letter_arrives_as_it_was_written(clock: ManualClock) -> None:
    letter = a_letter(subject="Dein Tisch für Jürgen 👩‍👩‍👧 ist fertig", text="Guten Tag 👋🏽\n\nBis gleich.\n")
    with mail_server() as server:
        posted = SmtpPostbox(f"smtp://127.0.0.1:{server.port}", f"Shop Zürich <{SENDER}>", clock=clock).post(letter)
    assert posted == TAKEN
    (arrived,) = server.letters
    assert (arrived.sender, arrived.recipients) == (SENDER, [RECIPIENT])
    assert arrived.message["To"] == RECIPIENT
    assert arrived.message["From"] == f"Shop Zürich <{SENDER}>"
    assert arrived.message["Subject"] == letter.subject
    assert arrived.text == letter.text
    assert arrived.message["Message-ID"] == "<0197-1@shop.example>"
    assert arrived.message["Auto-Submitted"] == "auto-generated"
    assert arrived.message["Date"].datetime == clock.now()


def test_lines_that_begin_with_dots_and_a_lone_dot_arrive_whole() -> None:
    text = ".\n..\n.hidden\nFrom here on\n" + "long " * 400 + "\n.\nthe end\n"
    with mail_server() as server:
        posted = SmtpPostbox(f"smtp://127.0.0.1:{server.port}", SENDER).post(a_letter(text=text))
    assert posted == TAKEN
    assert server.letters[0].text == text


def test_a_text_cannot_end_its_letter_and_begin_another() -> None:
    text = f"harmless\r\n.\r\nMAIL FROM:<{SENDER}>\r\nRCPT TO:<bob@example.com>\r\nDATA\r\n\r\nharmful\r\n.\r\n"
    with mail_server() as server:
        SmtpPostbox(f"smtp://127.0.0.1:{server.port}", SENDER).post(a_letter(text=text))
    assert [arrived.recipients for arrived in server.letters] == [[RECIPIENT]]
    assert server.letters[0].text == text.replace("\r\n", "\n")


@pytest.mark.parametrize("local_part", ["o'brien", "a.b+c", "50%off", "!#$&*/=?^_`{|}~-", "..dots..", "x" * 64])
def test_the_recipient_is_exactly_the_one_named(local_part: str) -> None:
    address = f"{local_part}@example.com"
    with mail_server() as server:
        posted = SmtpPostbox(f"smtp://127.0.0.1:{server.port}", SENDER).post(a_letter(to=address))
    assert posted == TAKEN
    assert server.letters[0].recipients == [address]


@pytest.mark.parametrize(
    "address",
    [
        "josé@example.com",
        "a@b@c",
        "ann",
        "ann@example.com\r\nRCPT TO:<bob@example.com>",
        "ann@example.com>",
        "a\0@b.com",
    ],
)
def test_an_address_that_could_mean_something_else_is_refused_unsent(address: str) -> None:
    with mail_server() as server:
        posted = SmtpPostbox(f"smtp://127.0.0.1:{server.port}", SENDER).post(a_letter(to=address))
    assert posted.state == "refused"
    assert address not in posted.explanation
    assert server.letters == []


def test_a_repeated_letter_carries_the_same_message_id(clock: ManualClock) -> None:
    with mail_server() as server:
        postbox = SmtpPostbox(f"smtp://127.0.0.1:{server.port}", SENDER, clock=clock)
        for _ in range(2):
            postbox.post(a_letter())
            clock.advance(60)
    first, second = (arrived.message["Message-ID"] for arrived in server.letters)
    assert first == second


def test_many_threads_share_one_postbox() -> None:
    letters = [a_letter(text=f"letter {number}\n") for number in range(24)]
    with mail_server() as server, ThreadPoolExecutor(8) as threads:
        posted = list(threads.map(SmtpPostbox(f"smtp://127.0.0.1:{server.port}", SENDER).post, letters))
    assert posted == [TAKEN] * 24
    assert {arrived.text for arrived in server.letters} == {letter.text for letter in letters}


def test_we_name_ourselves_by_address_and_not_by_a_name_that_needs_looking_up() -> None:
    with mail_server() as server:
        SmtpPostbox(f"smtp://127.0.0.1:{server.port}", SENDER).post(a_letter())
    assert server.letters[0].hello == "[127.0.0.1]"


def test_smtps_is_encrypted_from_the_first_byte(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    for_server, for_client = tls
    with mail_server(ssl_context=for_server) as server:
        posted = SmtpPostbox(f"smtps://127.0.0.1:{server.port}", SENDER, tls=for_client).post(a_letter())
    assert posted == TAKEN
    assert len(server.letters) == 1


def test_with_starttls_the_login_and_the_letter_are_encrypted(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    for_server, for_client = tls
    with mail_server(tls_context=for_server, require_starttls=True, login=("ann@shop", "p@ss:w/rd?#%")) as server:
        url = f"smtp://ann%40shop:p%40ss%3Aw%2Frd%3F%23%25@127.0.0.1:{server.port}?starttls=1"
        posted = SmtpPostbox(url, SENDER, tls=for_client).post(a_letter())
    assert posted == TAKEN
    assert server.letters[0].encrypted


@pytest.mark.parametrize("scheme", ["smtps", "smtp"])
def test_a_certificate_that_nobody_vouches_for_stops_the_letter(
    scheme: str, tls: tuple[ssl.SSLContext, ssl.SSLContext], tmp_path: Path
) -> None:
    options = {"ssl_context": tls[0]} if scheme == "smtps" else {"tls_context": tls[0]}
    query = "" if scheme == "smtps" else "?starttls=1"
    with mail_server(**options) as server:
        posted = SmtpPostbox(f"{scheme}://127.0.0.1:{server.port}{query}", SENDER).post(a_letter())
    assert posted == Posted("not_sent", "no TLS connection to the mail server could be made")
    assert server.letters == []


def test_a_wrong_password_leaves_the_letter_with_us(tls: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    for_server, for_client = tls
    with mail_server(tls_context=for_server, login=("ann", "right")) as server:
        url = f"smtp://ann:wrong@127.0.0.1:{server.port}?starttls=1"
        posted = SmtpPostbox(url, SENDER, tls=for_client).post(a_letter())
    assert posted == Posted("not_sent", "the mail server did not accept the login; check SMTP_URL (535)")
    assert server.letters == []


def test_a_server_that_wants_a_login_we_do_not_have_leaves_the_letter_with_us(
    tls: tuple[ssl.SSLContext, ssl.SSLContext],
) -> None:
    for_server, for_client = tls
    with mail_server(tls_context=for_server, login=("ann", "right")) as server:
        posted = SmtpPostbox(f"smtp://127.0.0.1:{server.port}?starttls=1", SENDER, tls=for_client).post(a_letter())
    assert posted == Posted("not_sent", "the mail server wants another login (530); check SMTP_URL")


def test_a_letter_too_large_for_the_server_is_refused_before_it_is_sent() -> None:
    with mail_server(data_size_limit=1000) as server:
        posted = SmtpPostbox(f"smtp://127.0.0.1:{server.port}", SENDER).post(a_letter(text="long " * 1000))
    assert posted == Posted("refused", "the mail server refused the sender or the letter's size (552)")
