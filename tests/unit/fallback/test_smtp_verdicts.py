"""What a letter's sender may believe when the mail server says no, or nothing, at each moment of a conversation."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from messaging_pipeline.fallback import run
from messaging_pipeline.fallback.letters import Posted
from messaging_pipeline.fallback.smtp_connection import Patience
from messaging_pipeline.fallback.smtp_mail import SmtpPostbox
from tests.support.letters import RECIPIENT, SENDER, a_letter
from tests.support.smtp_script import CLOSES, HOLDS, RESETS, Answer, Moment, says, smtp_script

#: Nothing but the wait under test can run out, however slow the machine.
LONG = Patience(connect_seconds=60, read_seconds=60, handover_seconds=60, verdict_seconds=60)

#: Far above the waits under test, far below ``LONG``.
SOON_SECONDS = 30

#: More than the buffers of both ends hold.
LONG_TEXT = "0123456789\n" * 700_000


_NO = f"no, not for <{RECIPIENT}>"
_GARBAGE = Answer(b"HTTP/1.1 200 OK\r\n\r\n", then="closes")
_HALF_A_CODE = Answer(b"25", then="closes")
_ENDLESS_LINE = Answer(b"250 " + b"x" * 9000 + b"\r\n")

BEFORE_THE_DOT: list[tuple[Moment, Answer, str]] = [
    ("greeting", says(f"421 {_NO}"), "not_sent"),
    ("greeting", says(f"554 {_NO}"), "not_sent"),
    ("greeting", _GARBAGE, "not_sent"),
    ("greeting", _ENDLESS_LINE, "not_sent"),
    ("HELO", says(f"550 {_NO}"), "not_sent"),
    ("MAIL", says(f"451 {_NO}"), "not_sent"),
    ("MAIL", says(f"550 {_NO}"), "refused"),
    ("MAIL", says(f"530 {_NO}"), "not_sent"),
    ("RCPT", says(f"450 {_NO}"), "not_sent"),
    ("RCPT", says(f"421 {_NO}"), "not_sent"),
    ("RCPT", says(f"550 {_NO}"), "refused"),
    ("RCPT", says("354 what?"), "not_sent"),
    ("RCPT", _GARBAGE, "not_sent"),
    ("RCPT", _HALF_A_CODE, "not_sent"),
    ("RCPT", _ENDLESS_LINE, "not_sent"),
    ("DATA", says(f"451 {_NO}"), "not_sent"),
    ("DATA", says(f"554 {_NO}"), "refused"),
    ("DATA", says("250 what?"), "not_sent"),
    *[
        (moment, misbehaviour, "not_sent")
        for moment in ("greeting", "EHLO", "MAIL", "RCPT", "DATA")
        for misbehaviour in (CLOSES, RESETS)
    ],
]

AFTER_THE_DOT: list[tuple[Moment, Answer, str]] = [
    ("dot", says("250 taken"), "sent"),
    ("dot", Answer(b"250-taken\r\n250 indeed\r\n"), "sent"),
    ("dot", says(f"451 {_NO}"), "not_sent"),
    ("dot", says(f"421 {_NO}"), "not_sent"),
    ("dot", says(f"554 {_NO}"), "refused"),
    ("dot", says("354 what?"), "unconfirmed"),
    ("dot", CLOSES, "unconfirmed"),
    ("dot", RESETS, "unconfirmed"),
    ("dot", _GARBAGE, "unconfirmed"),
    ("dot", _HALF_A_CODE, "unconfirmed"),
    ("dot", _ENDLESS_LINE, "unconfirmed"),
    ("dot", Answer(b"250-taken\r\n", then="closes"), "unconfirmed"),
    ("QUIT", CLOSES, "sent"),
    ("QUIT", RESETS, "sent"),
    ("QUIT", says("500 what?"), "sent"),
    ("QUIT", _GARBAGE, "sent"),
]


@contextmanager
def soon() -> Iterator[None]:
    begun_at = time.monotonic()
    yield
    assert time.monotonic() - begun_at < SOON_SECONDS


@pytest.mark.parametrize(("moment", "answer", "state"), BEFORE_THE_DOT + AFTER_THE_DOT)
def test_each_answer_at_each_moment_has_its_verdict(moment: Moment, answer: Answer, state: str) -> None:
    greetings = {"EHLO": says("502 no")} if moment == "HELO" else {}
    with smtp_script({**greetings, moment: answer}) as script:
        posted = SmtpPostbox(script.url, SENDER, LONG).post(a_letter())
    assert posted.state == state
    assert RECIPIENT not in posted.explanation
    assert moment in script.moments
    assert ("dot" in script.moments) == (moment in {"dot", "QUIT"})


@pytest.mark.parametrize("answer", [RESETS, CLOSES, HOLDS])
def test_a_letter_that_breaks_off_in_the_middle_was_not_sent(answer: Answer) -> None:
    with smtp_script({"text": answer}) as script:
        patience = Patience(read_seconds=0.5) if answer is HOLDS else LONG
        posted = SmtpPostbox(script.url, SENDER, patience).post(a_letter(text=LONG_TEXT))
    assert posted.state == "not_sent"
    assert "dot" not in script.moments


@pytest.mark.parametrize("moment", ["greeting", "EHLO", "MAIL", "RCPT", "DATA"])
def test_silence_before_the_dot_ends_in_time_and_nothing_was_sent(moment: Moment) -> None:
    with smtp_script({moment: HOLDS}) as script:
        posted = SmtpPostbox(script.url, SENDER, Patience(read_seconds=0.1)).post(a_letter())
    assert posted == Posted("not_sent", "the mail server did not answer in time")
    assert "dot" not in script.moments


def test_the_whole_handover_is_bounded_even_where_each_answer_is() -> None:
    patience = Patience(connect_seconds=60, read_seconds=60, handover_seconds=0.1, verdict_seconds=60)
    with smtp_script({"RCPT": HOLDS}) as script, soon():
        posted = SmtpPostbox(script.url, SENDER, patience).post(a_letter())
    assert posted == Posted("not_sent", "the mail server did not answer in time")


def test_when_the_time_is_up_nothing_more_is_said() -> None:
    with smtp_script({}) as script:
        posted = SmtpPostbox(script.url, SENDER, Patience(handover_seconds=0)).post(a_letter())
    assert posted == Posted("not_sent", "the mail server did not answer in time")
    assert set(script.moments) <= {"greeting"}


def test_silence_after_the_dot_leaves_the_letter_in_doubt() -> None:
    patience = Patience(connect_seconds=60, read_seconds=60, handover_seconds=60, verdict_seconds=0.1)
    with smtp_script({"dot": HOLDS}) as script, soon():
        posted = SmtpPostbox(script.url, SENDER, patience).post(a_letter())
    assert posted == Posted("unconfirmed", "the mail server had the whole letter, and its answer did not come")
    assert script.moments[-1] == "dot"


def test_a_letter_is_settled_before_the_lease_of_its_step_ends() -> None:
    assert Patience().in_all_seconds < run._LEASE.total_seconds()


def test_a_server_that_objects_is_told_goodbye() -> None:
    with smtp_script({"RCPT": says("550 no")}) as script:
        SmtpPostbox(script.url, SENDER, LONG).post(a_letter())
    assert script.moments == ["greeting", "EHLO", "MAIL", "RCPT", "QUIT"]


def test_a_refused_connection_counts_as_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    posted = SmtpPostbox(f"smtp://127.0.0.1:{port}", SENDER, LONG).post(a_letter())
    assert posted == Posted("not_sent", "the mail server refused the connection")


def test_a_name_that_does_not_resolve_counts_as_not_sent() -> None:
    posted = SmtpPostbox("smtp://mail.invalid", SENDER, LONG).post(a_letter())
    assert posted == Posted("not_sent", "the mail server's name could not be resolved")


def test_a_connection_that_nobody_accepts_counts_as_not_sent() -> None:
    with ExitStack() as crowd, socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(8):  # fill the queue of connections that the server has yet to accept
            waiting = crowd.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        patience = Patience(connect_seconds=0.2, read_seconds=60, handover_seconds=10)
        posted = SmtpPostbox(f"smtp://127.0.0.1:{listener.getsockname()[1]}", SENDER, patience).post(a_letter())
    assert posted == Posted("not_sent", "the mail server did not answer in time")


def test_a_server_that_does_not_speak_tls_gets_nothing() -> None:
    with smtp_script({}) as script:
        posted = SmtpPostbox(f"smtps://127.0.0.1:{script.port}", SENDER, LONG).post(a_letter())
    assert posted == Posted("not_sent", "no TLS connection to the mail server could be made")


@pytest.mark.parametrize(
    ("hello", "starttls"),
    [
        (b"250 script\r\n", None),
        (b"250-script\r\n250 STARTTLS\r\n", "454 not now"),
        (b"250-script\r\n250 STARTTLS\r\n", None),
    ],
)
def test_without_the_encryption_that_was_asked_for_not_even_the_sender_is_named(
    hello: bytes, starttls: str | None
) -> None:
    answers: dict[Moment, Answer] = {"EHLO": Answer(hello), "STARTTLS": says(starttls) if starttls else CLOSES}
    with smtp_script(answers) as script:
        url = f"smtp://ann:secret@127.0.0.1:{script.port}?starttls=1"
        posted = SmtpPostbox(url, SENDER, LONG).post(a_letter())
    assert posted.state == "not_sent"
    assert not {"AUTH", "MAIL"} & set(script.moments)


@pytest.mark.parametrize(
    ("offer", "answer"),
    [
        ("SIZE", None),
        ("AUTH GSSAPI", None),
        ("AUTH PLAIN", says("535 no")),
        ("AUTH PLAIN", says("454 not now")),
        ("AUTH PLAIN", CLOSES),
        ("AUTH CRAM-MD5", says("334 this is not base64!")),
    ],
)
def test_a_login_that_fails_in_any_way_leaves_the_letter_with_us(offer: str, answer: Answer | None) -> None:
    answers: dict[Moment, Answer] = {"EHLO": Answer(f"250-script\r\n250 {offer}\r\n".encode())}
    with smtp_script(answers | ({"AUTH": answer} if answer else {})) as script:
        posted = SmtpPostbox(f"smtp://ann:secret@127.0.0.1:{script.port}", SENDER, LONG).post(a_letter())
    assert posted.state == "not_sent"
    assert "secret" not in posted.explanation
    assert "MAIL" not in script.moments
