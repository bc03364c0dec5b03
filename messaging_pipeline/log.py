"""Logging for every process: one line an event, with numbers and texts masked whoever logs them, and wherever to."""

import json
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Literal, TextIO

from messaging_pipeline.masking import mask

LogFormat = Literal["text", "json"]

_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"
_PLAIN = logging.Formatter()

_about: ContextVar[Mapping[str, str]] = ContextVar("about", default=MappingProxyType({}))


@contextmanager
def about(**names: object) -> Iterator[None]:
    """Say what every line is about that this thread logs meanwhile: a ``message_id``, a ``task``; None says nothing."""
    known = {name: str(value) for name, value in names.items() if value is not None}
    token = _about.set({**_about.get(), **known})
    try:
        yield
    finally:
        _about.reset(token)


class MaskedRecord(logging.LogRecord):
    """A log record that never held a number or a text: any handler of anybody's gets it masked.

    The message is put together and the traceback written when the record is made; arguments and exception go no
    further, for a handler could show them. ``about`` has what the line is about.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.about = {name: mask(value) for name, value in _about.get().items()}
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

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's own name
        """Return the first line, with what it is about unless it says so itself."""
        line, named = super().formatMessage(record), _names(record)
        unsaid = [f"{name}={value}" for name, value in named.items() if value not in line]
        return f"{line} [{' '.join(unsaid)}]" if unsaid else line

    def format(self, record: logging.LogRecord) -> str:
        """Return the finished line, masked."""
        return mask(super().format(record))


class JsonFormatter(logging.Formatter):
    """Writes an event as one line of JSON, each value masked once more."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the finished line: ``at`` (UTC), ``level``, ``logger``, ``event``, and what it is about."""
        values = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "event": mask(record.getMessage()),
            "process": record.process,
            "thread": record.threadName,
            **{name: mask(value) for name, value in _names(record).items()},
        }
        traceback = record.exc_text or (self.formatException(record.exc_info) if record.exc_info else None)
        if traceback:
            values["traceback"] = mask(traceback)
        if record.stack_info:
            values["stack"] = mask(record.stack_info)
        return json.dumps(values, ensure_ascii=False)


def _names(record: logging.LogRecord) -> Mapping[str, str]:
    """A record that was made before ours are, by somebody else's factory, says nothing."""
    named: Mapping[str, str] = getattr(record, "about", {})
    return named


def configure_logging(level: str = "INFO", stream: TextIO | None = None, log_format: LogFormat = "text") -> None:
    """Send every log line of this process to standard error (or ``stream``), and mask what any other handler gets."""
    logging.setLogRecordFactory(MaskedRecord)
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if log_format == "json" else MaskingFormatter(_FORMAT))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    logging.captureWarnings(log_format == "json")  # they would be printed as they are
    # The Twilio client writes every request's URL at INFO, and a URL can hold a number.
    logging.getLogger("twilio").setLevel(logging.WARNING)
