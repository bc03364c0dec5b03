"""A line says what it is about, as text for people or as one object of JSON."""

import io
import json
import logging
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

import pytest

from messaging_pipeline.log import LogFormat, about, configure_logging

MESSAGE = UUID("0191e5c0-0000-7000-8000-000000000001")
_log = logging.getLogger("anybody")


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    root, factory = logging.getLogger(), logging.getLogRecordFactory()
    handlers, level, twilio_level = root.handlers, root.level, logging.getLogger("twilio").level
    yield
    logging.setLogRecordFactory(factory)
    root.handlers = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    logging.getLogger("twilio").setLevel(twilio_level)


def written_as(log_format: LogFormat) -> io.StringIO:
    stream = io.StringIO()
    configure_logging("INFO", stream, log_format)
    return stream


def test_a_line_of_json_has_when_who_and_what() -> None:
    stream = written_as("json")
    _log.warning("the broker is %s", "away")
    line = json.loads(stream.getvalue())
    assert (line["level"], line["logger"], line["event"]) == ("WARNING", "anybody", "the broker is away")
    assert datetime.fromisoformat(line["at"]).utcoffset() is not None


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_line_names_its_message_as_long_as_it_is_about_one(log_format: LogFormat) -> None:
    stream = written_as(log_format)
    with about(message_id=MESSAGE, task="deliver"):
        _log.info("it left")
        with about(message_id=None):
            _log.info("still about it")
    _log.info("about nobody")
    assert [str(MESSAGE) in line for line in stream.getvalue().splitlines()] == [True, True, False]


def test_a_field_of_its_own_has_the_message() -> None:
    stream = written_as("json")
    with about(message_id=MESSAGE):
        _log.info("it left")
    assert json.loads(stream.getvalue())["message_id"] == str(MESSAGE)


def test_text_does_not_repeat_a_message_that_the_line_names() -> None:
    stream = written_as("text")
    with about(message_id=MESSAGE):
        _log.info("message %s left", MESSAGE)
    assert stream.getvalue().count(str(MESSAGE)) == 1


def test_an_error_with_its_traceback_is_one_line_of_json_and_masked() -> None:
    stream = written_as("json")
    try:
        int("+14155550123 body='Your code is 1234'")
    except ValueError:
        _log.exception("failed for +14155550123")
    (line,) = stream.getvalue().splitlines()
    told = json.loads(line)
    assert "ValueError" in told["traceback"]
    assert "5550123" not in line
    assert "1234" not in told["traceback"]


def test_what_a_line_is_about_is_masked_too() -> None:
    stream = written_as("json")
    with about(task="+14155550123"):
        _log.info("odd")
    assert "5550123" not in stream.getvalue()


def test_a_line_of_json_stays_one_whatever_is_said() -> None:
    stream = written_as("json")
    _log.info('He said "no"\nand body="yes", \\ and left.')
    (line,) = stream.getvalue().splitlines()
    assert json.loads(line)["event"].startswith('He said "no"\nand')
