"""Letters as bytes: whatever subject and text hold, a mail reader reads what was written, and one line is one line."""

from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from messaging_pipeline.fallback.addresses import parse_sender
from messaging_pipeline.fallback.smtp_message import write_message
from tests.support.letters import RECIPIENT, SENDER, a_letter

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)

HEADERS = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"]
HEADERS += ["Content-Transfer-Encoding"]

#: What trips writers of headers: mixed scripts, runs of blanks, marks of encoded words, emoji of several characters.
tricky_words = st.sampled_from(
    ["a", "word", "é", " ", "  ", "👩‍👩‍👧", "👍🏽", "дом", "?=", "=?", "=?utf-8?q?x?=", ",", '"', "("]
)
any_words = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=30)
subjects = st.lists(tricky_words | any_words, max_size=60).map("".join).map(str.strip)
texts = st.lists(tricky_words | any_words | st.sampled_from(["\n", ".", "\n.\n", "\t", "\x00", "\u2028"]), max_size=60)


def written(sender: str = SENDER, **changes: Any) -> bytes:
    return write_message(a_letter(**changes), parse_sender(sender), NOON)


def read(raw: bytes) -> EmailMessage:
    return cast("EmailMessage", message_from_bytes(raw, policy=default))


@given(subjects)
def test_every_subject_is_read_as_it_was_written(subject: str) -> None:
    assert read(written(subject=subject))["Subject"] == subject


@given(texts.map("".join))
def test_every_text_is_read_as_it_was_written_but_for_a_last_line_end(text: str) -> None:
    arrived = read(written(text=text)).get_content().replace("\r\n", "\n")
    assert arrived == text.removesuffix("\n") + "\n"


@given(subjects, texts.map("".join))
@example("x" * 200, "y" * 2000)
def test_every_line_is_ascii_short_and_ended_by_crlf(subject: str, text: str) -> None:
    raw = written(subject=subject, text=text)
    *lines, after_the_last = raw.split(b"\r\n")
    assert after_the_last == b""
    assert raw.isascii()
    assert max(map(len, lines)) <= 78
    assert not any(mark in line for line in lines for mark in (b"\r", b"\n"))


@pytest.mark.parametrize(
    "end", ["\r\n", "\n", "\r", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\0"]
)
@pytest.mark.parametrize("field", ["subject", "token", "to"])
def test_nothing_in_a_header_begins_another(field: str, end: str) -> None:
    message = read(written(**{field: f"x{end}Bcc: eve@example.com{end}{end}new body"}))
    assert message.keys() == HEADERS
    assert message.get_content().strip() == "It is ready."


@pytest.mark.parametrize(
    "name", ["Shop", "Shop, Zürich (Mitte)", "Shop; Bcc: eve@example.com", "Ünïcode " * 3, "日本", 'The "best" shop']
)
def test_the_senders_name_is_a_name_and_nothing_else(name: str) -> None:
    (sender,) = read(written(f"{name} <{SENDER}>"))["From"].addresses
    assert (sender.display_name, sender.addr_spec) == (name.strip(), SENDER)


def test_half_a_surrogate_pair_becomes_a_question_mark() -> None:
    message = read(written(subject="half \ud83d", text="half \ud83d"))
    assert (message["Subject"], message.get_content().strip()) == ("half ?", "half ?")


def test_the_message_id_follows_from_the_token_alone() -> None:
    first, other_words, other_step = written(), written(text="Still ready."), written(token="0197-2")
    ids = [read(raw)["Message-ID"] for raw in (first, other_words, other_step)]
    assert ids == ["<0197-1@shop.example>", "<0197-1@shop.example>", "<0197-2@shop.example>"]


def test_a_long_address_stays_in_one_piece() -> None:
    address = f"{'x' * 64}@{'y' * 60}.{'z' * 60}.example"
    (recipient,) = read(written(to=address))["To"].addresses
    assert recipient.addr_spec == address


def test_a_plain_letter_can_be_read_without_a_mail_reader() -> None:
    lines = written().decode().split("\r\n")
    assert {"Subject: Your table", f"To: {RECIPIENT}", f"From: {SENDER}", "It is ready."} <= set(lines)
