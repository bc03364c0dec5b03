"""Keywords with arguments: which word a text begins with, and what stands behind it."""

import pytest
from hypothesis import strategies as st

from messaging_pipeline.keywords.commands import Command, command_in
from messaging_pipeline.policies.keywords import Handler
from tests.support.properties import given

CODE = "tests.support.shop:status"
USAGE = "Write PAY and the sum."
HANDLERS = {
    "status": Handler("word", min_length=2, max_length=20, python=CODE),
    "oncall": Handler(python=CODE),
    "on": Handler("rest", python=CODE),
    "ack": Handler("rest", min_length=0, max_length=40, python=CODE),
    "pay": Handler("word", usage=USAGE, python=CODE),
    "🎉": Handler("rest", python=CODE),
    "été": Handler("word", python=CODE),
}


@pytest.mark.parametrize(
    ("body", "word", "argument"),
    [
        ("STATUS 4711", "status", "4711"),
        ("status 4711", "status", "4711"),
        ("  Status:  4711.  ", "status", "4711"),
        ("Status - 4711!", "status", "4711"),
        ("STATUS#4711", "status", "4711"),
        ('status "4711"', "status", "4711"),
        ("S T A T U S 4711", "status", "4711"),
        ("¡Status! (INC-2048)?", "status", "INC-2048"),
        ("status +14155550123", "status", "+14155550123"),
        ("STATUS\n4711", "status", "4711"),
        ("\uff33\uff34\uff21\uff34\uff35\uff33 4711", "status", "4711"),
        ("ONCALL", "oncall", ""),
        ("on-call!", "oncall", ""),
        ("ON CALL", "oncall", ""),
        ("ON Monday, 9 am: call (me).", "on", "Monday, 9 am: call (me)."),
        ("on call me", "on", "call me"),
        ("ACK INC-2048", "ack", "INC-2048"),
        ("ack: INC-2048, please.", "ack", "INC-2048, please."),
        ("ACK", "ack", ""),
        ("Ack!", "ack", ""),
        ("ack a\x00b\ud800", "ack", "ab"),
        ("🎉 Ada and Bob", "🎉", "Ada and Bob"),
        ("🎉\ufe0f Ada", "🎉", "Ada"),
        ("ÉTÉ 12", "été", "12"),
        ("PAY 12", "pay", "12"),
    ],
)
def test_a_word_and_its_argument_are_found_however_they_are_written(body: str, word: str, argument: str) -> None:
    assert command_in(body, HANDLERS) == Command(word, HANDLERS[word], argument, fits=True)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "!!!",
        "STATUS",
        "STATUS4711",
        "STATUSES 4711",
        "my status 4711",
        "status of my order",
        "STATUS 1",
        "STATUS " + "1" * 21,
        "ack " + "x" * 41,
        "été",
        "ETE 12",
        "STOP 12345",
        "…",
    ],
)
def test_anything_else_is_no_command(body: str) -> None:
    assert command_in(body, HANDLERS) is None


@pytest.mark.parametrize("body", ["PAY", "pay me 12", "Pay?"])
def test_an_argument_that_does_not_fit_is_explained_where_the_handler_says_how(body: str) -> None:
    found = command_in(body, HANDLERS)
    assert found is not None
    assert (found.word, found.fits, found.handler.usage) == ("pay", False, USAGE)


@given(st.text(max_size=200))
def test_any_text_can_be_read_and_a_command_fits_its_handler(body: str) -> None:
    found = command_in(body, HANDLERS)
    assert found is None or found.fits == found.handler.fits(found.argument)


def test_a_text_of_any_length_is_read_only_at_its_beginning() -> None:
    assert command_in("a " * 100_000, HANDLERS) is None
    assert command_in("." * 1000 + "oncall", HANDLERS) is not None
