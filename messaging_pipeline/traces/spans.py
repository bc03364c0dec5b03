"""Marks what happens to a message in its trace. Where traces are off, each mark costs one look at a variable.

No number and no text goes into an attribute: whoever adds one sees to that.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Literal, Protocol
from uuid import UUID

from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.settings import Settings

Kind = Literal["internal", "client", "server"]
Attribute = str | int | None

_EXTRA = "install messaging-pipeline with the extra `otel`, or unset the variable"


class Span(Protocol):
    """A span that is still open."""

    def note(self, **attributes: Attribute) -> None:
        """Add what became known meanwhile; None says nothing."""


class Traces(Protocol):
    """Whoever makes the spans."""

    def accepted(self, message_id: UUID, came_with: str | None, attributes: Mapping[str, Attribute]) -> None:
        """Begin the trace of a message, with a link to what its producer was doing."""

    def handed_over(self, message_id: UUID, came_with: str | None, attributes: Mapping[str, Attribute]) -> None:
        """Note in the trace of its producer which message was handed over, with a link to the message's own."""

    def span(
        self, name: str, message_id: UUID, kind: Kind, attributes: Mapping[str, Attribute]
    ) -> AbstractContextManager[Span]:
        """Open a span in the trace of a message."""

    def headers(self) -> dict[str, str]:
        """Return what tells another process about the span that is open on this thread."""


class _NoSpan:
    def note(self, **attributes: Attribute) -> None:
        """Nobody listens."""


_NOTHING: AbstractContextManager[Span] = nullcontext(_NoSpan())
_came_with: ContextVar[str | None] = ContextVar("came_with", default=None)
_traces: list[Traces] = []


def set_up_traces(settings: Settings) -> None:
    """Send the spans of this process where ``OTEL_EXPORTER_OTLP_ENDPOINT`` says; unset, there are none.

    Raises InvalidSettings when it is set and the libraries are not installed.
    """
    if settings.traces_endpoint is None or _traces:
        return
    try:
        from messaging_pipeline.traces.exporting import exported  # noqa: PLC0415 - the extra may be missing
    except ImportError:
        raise InvalidSettings(
            "OTEL_EXPORTER_OTLP_ENDPOINT", "is set, but OpenTelemetry is not installed", _EXTRA
        ) from None
    use_traces(exported(named="OTEL_SERVICE_NAME" in settings.environment))


def use_traces(traces: Traces | None) -> None:
    """Let this process make its spans there; None ends that."""
    _traces[:] = [] if traces is None else [traces]


@contextmanager
def coming_with(traceparent: str | None) -> Iterator[None]:
    """Say what the producer was doing whose messages this thread accepts meanwhile (W3C ``traceparent``)."""
    token = _came_with.set(traceparent)
    try:
        yield
    finally:
        _came_with.reset(token)


def accepted(message_id: UUID, **attributes: Attribute) -> None:
    """Begin the trace of a message that was written down just now."""
    for traces in _traces:
        traces.accepted(message_id, _came_with.get(), attributes)


def handed_over(message_id: UUID, **attributes: Attribute) -> None:
    """Lead from what its producer is doing, if that is traced, to a message that was handed over alone, a repeat too.

    Of many together nothing is said there: thousands of links are none.
    """
    for traces in _traces:
        traces.handed_over(message_id, _came_with.get(), attributes)


def span(
    name: str, message_id: UUID | None, kind: Kind = "internal", **attributes: Attribute
) -> AbstractContextManager[Span]:
    """Open a span in the trace of a message; for none there is none."""
    if not _traces or message_id is None:
        return _NOTHING
    return _traces[0].span(name, message_id, kind, attributes)


def headers() -> dict[str, str]:
    """Return what to send along to whoever goes on with what this thread is doing; empty where nothing is traced."""
    return _traces[0].headers() if _traces else {}
