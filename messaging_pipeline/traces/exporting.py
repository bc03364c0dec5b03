"""Spans by OpenTelemetry. The ids of a message's trace follow from the message's id, so nobody has to carry them.

Any process that knows a message can add to its trace: a lane that claims it a day later, a callback that comes a week
later. Its root is the span of its acceptance.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from hashlib import blake2b
from uuid import UUID

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, TraceFlags
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from messaging_pipeline.traces.spans import Attribute, Kind, Span

_KINDS: Mapping[Kind, SpanKind] = {
    "internal": SpanKind.INTERNAL,
    "client": SpanKind.CLIENT,
    "server": SpanKind.SERVER,
}
_MESSAGE_ID = "messaging.message.id"
_OURS = "messaging_pipeline."
_PROPAGATOR = TraceContextTextMapPropagator()


@dataclass(frozen=True, slots=True)
class _Ids:
    """The ids of a message's trace and of its root."""

    trace_id: int
    root_id: int

    @classmethod
    def of(cls, message_id: UUID) -> "_Ids":
        """A hash, and not the id itself, whose bits are not random: samplers look at them."""
        digest = blake2b(message_id.bytes, digest_size=24, person=b"messaging-trace").digest()
        return cls(int.from_bytes(digest[:16]), int.from_bytes(digest[16:]))

    def root(self) -> SpanContext:
        return SpanContext(self.trace_id, self.root_id, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))

    def as_parent(self) -> Context:
        return _below(self.root())


def _below(span: SpanContext) -> Context:
    return trace.set_span_in_context(NonRecordingSpan(span), Context())


_root: ContextVar[_Ids | None] = ContextVar("root", default=None)


class MessageIdGenerator(RandomIdGenerator):
    """Gives the root of a message's trace the ids that follow from the message, and every other span random ones."""

    def generate_trace_id(self) -> int:
        """Return the id of a new trace."""
        ids = _root.get()
        return ids.trace_id if ids else super().generate_trace_id()

    def generate_span_id(self) -> int:
        """Return the id of a new span."""
        ids = _root.get()
        return ids.root_id if ids else super().generate_span_id()


class _OpenSpan:
    def __init__(self, inner: trace.Span) -> None:
        self._inner = inner

    def note(self, **attributes: Attribute) -> None:
        self._inner.set_attributes(_named(attributes))


class OpenTelemetryTraces:
    """Makes spans with a provider of our own; the application's, if a producer has one, is left alone."""

    def __init__(self, processor: SpanProcessor, resource: Resource | None = None) -> None:
        self._provider = TracerProvider(resource=resource, id_generator=MessageIdGenerator())
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("messaging_pipeline")

    def accepted(self, message_id: UUID, came_with: str | None, attributes: Mapping[str, Attribute]) -> None:
        """Make the root, with a link to the producer's span: the one in its task's headers, or on this thread."""
        token = _root.set(_Ids.of(message_id))
        try:
            root = self._tracer.start_span(
                "accept",
                Context(),
                attributes={_MESSAGE_ID: str(message_id), **_named(attributes)},
                links=[Link(producer)] if (producer := _producer(came_with)).is_valid else [],
            )
        finally:
            _root.reset(token)
        root.end()

    def handed_over(self, message_id: UUID, came_with: str | None, attributes: Mapping[str, Attribute]) -> None:
        """Make a span below the producer's, where that one is recorded, with a link to the root of the message."""
        producer = _producer(came_with)
        if producer.is_valid and producer.trace_flags.sampled:
            self._tracer.start_span(
                "send",
                _below(producer),
                SpanKind.PRODUCER,
                {_MESSAGE_ID: str(message_id), **_named(attributes)},
                [Link(_Ids.of(message_id).root())],
            ).end()

    @contextmanager
    def span(self, name: str, message_id: UUID, kind: Kind, attributes: Mapping[str, Attribute]) -> Iterator[Span]:
        """Open a span below the root; an error that passes through it is noted by its type alone."""
        named = {_MESSAGE_ID: str(message_id), **_named(attributes)}
        opened = self._tracer.start_span(name, _Ids.of(message_id).as_parent(), _KINDS[kind], named)
        try:
            with trace.use_span(opened, record_exception=False, set_status_on_exception=False):
                yield _OpenSpan(opened)
        except BaseException as error:
            opened.set_status(trace.StatusCode.ERROR, type(error).__name__)
            raise
        finally:
            opened.end()

    def headers(self) -> dict[str, str]:
        """Return ``traceparent`` of the span that is open on this thread, if any."""
        carrier: dict[str, str] = {}
        _PROPAGATOR.inject(carrier)
        return carrier


def exported(*, named: bool) -> OpenTelemetryTraces:
    """Send spans in batches by OTLP over HTTP; everything about that is told by the variables of OpenTelemetry.

    ``named`` says that ``OTEL_SERVICE_NAME`` names this process.
    """
    resource = Resource.create() if named else Resource.create({"service.name": "messaging-pipeline"})
    return OpenTelemetryTraces(BatchSpanProcessor(OTLPSpanExporter()), resource)


def _producer(came_with: str | None) -> SpanContext:
    if came_with is None:
        return trace.get_current_span().get_span_context()
    told = _PROPAGATOR.extract({"traceparent": came_with}, Context())
    return trace.get_current_span(told).get_span_context()


def _named(attributes: Mapping[str, Attribute]) -> dict[str, str | int]:
    return {_OURS + name: value for name, value in attributes.items() if value is not None}
