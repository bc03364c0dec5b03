"""No phone number and no text of a message reaches a log line, whoever writes it and wherever it goes."""

import io
import logging
from collections.abc import Iterator

import pytest

from messaging_pipeline.log import configure_logging
from messaging_pipeline.masking import mask_numbers


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """What this process logs, while a test runs."""
    root = logging.getLogger()
    handlers, level, twilio_level = root.handlers, root.level, logging.getLogger("twilio").level
    factory = logging.getLogRecordFactory()
    written = io.StringIO()
    configure_logging("INFO", written)
    yield written
    logging.setLogRecordFactory(factory)
    root.handlers = handlers
    root.setLevel(level)
    logging.getLogger("twilio").setLevel(twilio_level)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("to +14155550123", "to +1…"),
        ("+14155550123 and +442079460123.", "+1… and +4…."),
        ("To=%2B14155550123&From=%2b442079460123", "To=%2B1…&From=%2b4…"),
        ("whatsapp:+14155550123", "whatsapp:+1…"),
        ("key (to_number)=(+14155550123) exists", "key (to_number)=(+1…) exists"),
        ("+14155550123_and_a_word", "+1…_and_a_word"),
        ("+14155550123x2", "+1…x2"),
        ("+1234567890123456", "+1…"),
        ("'+2904567'", "'+2…'"),
        ("+0000, +1 hour, 3+4, error 30003", "+0000, +1 hour, 3+4, error 30003"),
        ("SM" + "1" * 32, "SM" + "1" * 32),
        ("0191e5c0-0000-7000-8000-000000000001", "0191e5c0-0000-7000-8000-000000000001"),
    ],
)
def test_a_number_in_international_form_is_masked_and_nothing_else_is(text: str, masked: str) -> None:
    assert mask_numbers(text) == masked


def test_a_number_among_the_arguments_of_a_line_is_masked(stream: io.StringIO) -> None:
    logging.getLogger("anybody").warning("could not send to %s", "+14155550123")
    assert "could not send to +1…" in stream.getvalue()
    assert "4155550123" not in stream.getvalue()


def test_a_number_in_a_traceback_is_masked(stream: io.StringIO) -> None:
    try:
        int("+14155550123 is odd")
    except ValueError:
        logging.getLogger("anybody").exception("it failed")
    assert "'+1… is odd'" in stream.getvalue()
    assert "4155550123" not in stream.getvalue()


def test_twilios_client_does_not_write_its_requests_down(stream: io.StringIO) -> None:
    logging.getLogger("twilio.http_client").info("POST Request: To=%s", "4155550123")
    assert stream.getvalue() == ""


class Anybodys(logging.Handler):
    """A handler that knows nothing of masks, and keeps all that it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.given.append(record)

    @property
    def shown(self) -> str:
        return "".join(f"{self.format(record)} {record.__dict__}" for record in self.given)


@pytest.fixture
def elsewhere(stream: io.StringIO) -> Iterator[Anybodys]:
    """Where a logger of somebody else's sends its lines."""
    handler, logger = Anybodys(), logging.getLogger("somebody")
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


def test_a_handler_of_somebody_elses_gets_no_number_and_no_text(elsewhere: Anybodys) -> None:
    logging.getLogger("somebody").warning("sending %s to %s", {"body": "a secret"}, "+14155550123")
    assert "sending {'body': '…'} to +1…" in elsewhere.shown
    assert "secret" not in elsewhere.shown
    assert "4155550123" not in elsewhere.shown


def test_a_handler_of_somebody_elses_gets_tracebacks_masked(elsewhere: Anybodys) -> None:
    logger = logging.getLogger("somebody")
    try:
        int(f"Body={'se' + 'cret'}&To={4155550000 + 123}")
    except ValueError:
        logger.exception("it failed", stack_info=True)
    assert "Body=…&To=…" in elsewhere.shown
    assert "secret" not in elsewhere.shown
    assert "4155550123" not in elsewhere.shown
    assert elsewhere.given[0].exc_info is None


def test_a_line_whose_arguments_do_not_fit_shows_none_of_them(elsewhere: Anybodys, stream: io.StringIO) -> None:
    logging.getLogger("somebody").warning("%d messages", "a secret")
    assert "%d messages (its arguments do not fit)" in stream.getvalue()
    assert "secret" not in elsewhere.shown + stream.getvalue()


def test_arguments_by_name_are_put_in(stream: io.StringIO) -> None:
    logging.getLogger("somebody").info("%(method)s %(path)s", {"method": "GET", "path": "/x?To=4155550123"})
    assert "GET /x?To=…" in stream.getvalue()
