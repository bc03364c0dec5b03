"""Logging for every process: one line an event, with numbers and texts masked whoever logs them, and wherever to."""

import logging
import sys
from typing import Any, TextIO

from messaging_pipeline.masking import mask

_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"
_PLAIN = logging.Formatter()


class MaskedRecord(logging.LogRecord):
    """A log record that never held a number or a text: any handler of anybody's gets it masked.

    The message is put together and the traceback written when the record is made; arguments and exception go no
    further, for a handler could show them.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.msg, self.args = mask(self._put_together()), ()
        if self.exc_info:
            self.exc_text, self.exc_info = mask(_PLAIN.formatException(self.exc_info)), None
        if self.stack_info:
            self.stack_info = mask(self.stack_info)

    def _put_together(self) -> str:
        """Logging itself would print the arguments of a line that they do not fit."""
        try:
            return self.getMessage()
        except (TypeError, ValueError, KeyError, IndexError):
            return f"{self.msg} (its arguments do not fit)"


class MaskingFormatter(logging.Formatter):
    """Masks the finished line once more: what others put into a record after it was made, too."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the finished line, masked."""
        return mask(super().format(record))


def configure_logging(level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send every log line of this process to standard error (or ``stream``), and mask what any other handler gets."""
    logging.setLogRecordFactory(MaskedRecord)
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(MaskingFormatter(_FORMAT))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    # The Twilio client writes every request's URL at INFO, and a URL can hold a number.
    logging.getLogger("twilio").setLevel(logging.WARNING)
