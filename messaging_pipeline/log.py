"""Logging for every process: one line an event, with phone numbers masked whoever logs them."""

import logging
import re
import sys
from typing import TextIO

#: A phone number in international form, wherever it stands in a line; in a URL or a form its plus is escaped.
_NUMBER = re.compile(r"(\+|%2[Bb])(\d)\d{6,}")

_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"


def mask_numbers(text: str) -> str:
    """Replace all but the plus and the first digit of each phone number."""
    return _NUMBER.sub(r"\1\2…", text)


class MaskingFormatter(logging.Formatter):
    """Formats a record and its traceback, then masks the phone numbers in what came out."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the finished line, masked."""
        return mask_numbers(super().format(record))


def configure_logging(level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send every log line of this process to standard error (or ``stream``) through the mask."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(MaskingFormatter(_FORMAT))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # The Twilio client writes every request's URL at INFO, and a URL can hold a number.
    logging.getLogger("twilio").setLevel(logging.WARNING)
