"""The gates at our door: a message that may never leave is refused, one that may not leave yet is put off."""

from dataclasses import replace
from datetime import datetime

from messaging_pipeline.accept.request import SendRequest
from messaging_pipeline.configuration import Configuration, Service
from messaging_pipeline.errors import InvalidInput
from messaging_pipeline.gates.order import GATES, NOTED, ask_every_gate, weightiest
from messaging_pipeline.gates.question import Question, question_about, sender_of
from messaging_pipeline.metrics import record_gate
from messaging_pipeline.spending.allowance import Parcel, allowance_of

REFUSALS = {name: f"gate:{name}" for name, _ in GATES}
"""A refusal names its gate in place of a field."""


def require_sender(request: SendRequest, service: Service) -> None:
    """Refuse a message with nothing to send it from; raises InvalidInput."""
    if not service.has_sender and request.from_ is None:
        raise InvalidInput(
            "service",
            f"{request.service!r} has no sender",
            "set TWILIO_MESSAGING_SERVICE_SID or TWILIO_FROM_NUMBER, or give the service one in messaging.toml",
        )


def question_of(request: SendRequest, configuration: Configuration, service: Service, now: datetime) -> Question:
    """Return what the gates are asked about a message that is handed over now."""
    question = question_about(
        configuration,
        service,
        to=request.to,
        from_=request.from_,
        tags=request.tags,
        at=request.leaves_at(now),
    )
    return replace(
        question,
        body=request.content.body,
        expires_at=request.expires_at,
        allowance=allowance_of(configuration, request.service, service, _parcel(request, service), question.at),
    )


def _parcel(request: SendRequest, service: Service) -> Parcel:
    content = request.content
    sender = sender_of(service, request.from_)
    return Parcel(request.to, sender, content.weight().segments, bool(content.media_urls))


def past_the_gates(request: SendRequest, question: Question) -> SendRequest:
    """Return the request, put off if it must wait; raises InvalidInput naming the gate that refuses it."""
    answers = ask_every_gate(question)
    answer = weightiest(answers)
    verdict = answer.verdict
    if verdict.outcome == "refused":
        record_gate(answer.gate, verdict.outcome)
        raise InvalidInput(REFUSALS[answer.gate], verdict.reason, verdict.remedy)
    warnings = [one for one in answers if one.verdict.outcome == "warns" and one.gate in NOTED]
    return replace(
        request,
        waits=answer if verdict.outcome == "waits" else None,
        warnings=tuple(f"{one.gate}: {one.verdict.reason}" for one in warnings),
    )


def count_what_gates_said(request: SendRequest) -> None:
    """Count the warnings and the wait of a message that was written down."""
    for warning in request.warnings:
        record_gate(warning.partition(":")[0], "warns")
    if request.waits is not None:
        record_gate(request.waits.gate, "waits")
