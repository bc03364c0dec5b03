"""One message is one trace: from the task that its producer published to the callback that ends it."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from uuid import uuid4

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.ids import MessageId
from messaging_pipeline.traces import spans
from messaging_pipeline.traces.exporting import OpenTelemetryTraces
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.support.delivering import show
from tests.support.factories import RECIPIENT, a_send, settings
from tests.support.webhook_tier import a_status, webhook_tier
from workers import lifecycle, tasks

PRODUCERS_TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{PRODUCERS_TRACE}-b7ad6b7169203331-01"
BODY = "Your parcel is at the corner shop."


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    spans.use_traces(OpenTelemetryTraces(SimpleSpanProcessor(exporter)))
    yield exporter
    spans.use_traces(None)


@pytest.fixture
def worker(sending: WorkerRuntime, monkeypatch: pytest.MonkeyPatch) -> WorkerRuntime:
    """Tasks that run here find this runtime."""
    monkeypatch.setattr(lifecycle, "_current", [SimpleNamespace(runtime=sending)])
    return sending


def deliver(worker: WorkerRuntime, message_id: MessageId) -> str:
    """Run the task until the bucket, which fills by the server's clock, has let the message go; return its SID."""
    for _ in range(2_000):
        tasks.deliver.apply(kwargs={"service": "default"}, throw=True)
        if sid := show(worker, message_id)["sid"]:
            return str(sid)
        threading.Event().wait(0.005)
    raise AssertionError("it never left")


def call_back(redis_url: str, message_id: MessageId, sid: str) -> None:
    with webhook_tier(REDIS_URL=redis_url) as twilio:
        form = a_status(MessageSid=sid, SmsSid=sid, MessageStatus="delivered", SmsStatus="delivered")
        assert twilio.call(f"/twilio/status/{message_id}", form).status_code == 204


def applied(message_id: MessageId, sid: str, worker: WorkerRuntime) -> None:
    report = {
        "message_id": str(message_id),
        "attempt": 1,
        "tenant": "default",
        "sid": sid,
        "status": "delivered",
        "error_code": None,
        "received_at": worker.base.clock.now().isoformat(),
    }
    tasks.apply_statuses.apply(kwargs={"reports": [report]}, throw=True)


def everything_in(span: ReadableSpan) -> str:
    return span.to_json()


def test_a_message_is_one_trace_from_its_task_to_its_callback(
    worker: WorkerRuntime, exporter: InMemorySpanExporter, redis_url: str
) -> None:
    message_id = MessageId(uuid4())
    send = a_send(body=BODY, message_id=str(message_id))
    tasks.send.apply(kwargs=send, headers={"traceparent": TRACEPARENT}, throw=True)
    sid = deliver(worker, message_id)
    call_back(redis_url, message_id, sid)
    applied(message_id, sid, worker)
    root, handed_over, *others = exporter.get_finished_spans()
    assert handed_over.name == "send"
    assert [span.name for span in (root, *others)] == ["accept", "twilio create", "callback", "apply"]
    assert root.parent is None
    assert {span.parent.span_id for span in others if span.parent} == {root.context.span_id}
    assert {span.context.trace_id for span in others} == {root.context.trace_id}
    assert [f"{link.context.trace_id:032x}" for link in root.links] == [PRODUCERS_TRACE]
    create = others[0].attributes or {}
    assert (create["messaging_pipeline.sid"], create["messaging_pipeline.status"]) == (sid, "accepted")
    assert create["messaging.message.id"] == str(message_id)
    written = "".join(map(everything_in, (root, handed_over, *others)))
    assert RECIPIENT not in written
    assert BODY not in written


@contextmanager
def request_of_a_shop() -> Iterator[trace.Span]:
    """A span of the producer's own, made by a provider of its own."""
    tracer = TracerProvider().get_tracer("shop")
    with tracer.start_as_current_span("POST /orders") as span:
        yield span


def leads_to(span: ReadableSpan) -> list[tuple[int, int]]:
    return [(link.context.trace_id, link.context.span_id) for link in span.links]


def place(span: ReadableSpan | trace.Span) -> tuple[int, int]:
    context = span.get_span_context()
    assert context is not None
    return context.trace_id, context.span_id


def test_links_lead_from_the_producer_to_the_message_and_back(
    sending: WorkerRuntime, exporter: InMemorySpanExporter
) -> None:
    with request_of_a_shop() as request:
        message_id = sending.base.accepting.accept(a_send(body=BODY))
    root, handed_over = exporter.get_finished_spans()
    assert leads_to(root) == [place(request)]
    assert (handed_over.name, handed_over.kind, leads_to(handed_over)) == (
        "send",
        trace.SpanKind.PRODUCER,
        [place(root)],
    )
    assert handed_over.parent == request.get_span_context()
    assert place(handed_over)[0] == place(request)[0] != place(root)[0]
    assert handed_over.attributes == {
        "messaging.message.id": str(message_id),
        "messaging_pipeline.tenant": "default",
        "messaging_pipeline.service": "default",
    }
    assert RECIPIENT not in everything_in(handed_over)


def test_a_producer_that_only_has_the_broker_is_led_to_its_message(
    worker: WorkerRuntime, exporter: InMemorySpanExporter
) -> None:
    tasks.send.apply(kwargs=a_send(), headers={"traceparent": TRACEPARENT}, throw=True)
    root, handed_over = exporter.get_finished_spans()
    assert f"{place(handed_over)[0]:032x}" == PRODUCERS_TRACE
    assert leads_to(handed_over) == [place(root)]


def test_a_repeat_leads_to_the_message_that_it_repeats(sending: WorkerRuntime, exporter: InMemorySpanExporter) -> None:
    sending.base.accepting.accept(a_send(idempotency_key="order-1"))
    (root,) = exporter.get_finished_spans()
    exporter.clear()
    with request_of_a_shop():
        sending.base.accepting.accept(a_send(idempotency_key="order-1"))
    (handed_over,) = exporter.get_finished_spans()
    assert leads_to(handed_over) == [place(root)]


def test_who_hands_over_many_at_once_is_led_back_to_and_not_forth(
    worker: WorkerRuntime, exporter: InMemorySpanExporter
) -> None:
    tasks.send_many.apply(kwargs={"messages": [a_send(), a_send()]}, headers={"traceparent": TRACEPARENT}, throw=True)
    assert [(span.name, len(span.links)) for span in exporter.get_finished_spans()] == [("accept", 1)] * 2


def test_in_a_trace_that_nobody_keeps_nothing_is_left(worker: WorkerRuntime, exporter: InMemorySpanExporter) -> None:
    unsampled = TRACEPARENT[:-2] + "00"
    tasks.send.apply(kwargs=a_send(), headers={"traceparent": unsampled}, throw=True)
    assert [span.name for span in exporter.get_finished_spans()] == ["accept"]


def test_a_repeat_begins_no_second_trace(sending: WorkerRuntime, exporter: InMemorySpanExporter) -> None:
    for _ in range(2):
        sending.base.accepting.accept(a_send(idempotency_key="order-1"))
    assert [span.name for span in exporter.get_finished_spans()] == ["accept"]


def test_an_error_that_passes_a_span_is_told_by_its_type_alone(exporter: InMemorySpanExporter) -> None:
    with pytest.raises(LookupError), spans.span("twilio create", uuid4(), "client"):
        raise LookupError(RECIPIENT)
    (span,) = exporter.get_finished_spans()
    assert span.status.description == "LookupError"
    assert RECIPIENT not in everything_in(span)


def test_who_goes_on_with_a_message_is_told_its_trace(exporter: InMemorySpanExporter) -> None:
    assert spans.headers() == {}
    with spans.span("fallback step", uuid4()):
        told = spans.headers()["traceparent"]
    (span,) = exporter.get_finished_spans()
    assert f"{span.context.trace_id:032x}" in told


def test_without_traces_nothing_is_opened_and_nothing_sent_along() -> None:
    with spans.span("twilio create", uuid4()) as span:
        span.note(status="queued")
        assert spans.headers() == {}
    assert spans.span("one", uuid4()) is spans.span("other", uuid4())


def test_an_endpoint_without_the_libraries_is_refused_with_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "messaging_pipeline.traces.exporting", None)
    with pytest.raises(InvalidSettings, match=r"OTEL_EXPORTER_OTLP_ENDPOINT.*not installed.*extra `otel`"):
        spans.set_up_traces(settings(OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:4318"))
