"""Inbound messages: sealed at the door, enqueued, answered at once where no look-up is needed."""

from typing import Any

from flask import Blueprint, Response, current_app, request

from messaging_pipeline.answering.answer import Answering
from messaging_pipeline.clock import Clock
from messaging_pipeline.configuration import Configuration
from messaging_pipeline.keywords.hearing import hear
from messaging_pipeline.publish import Publisher
from messaging_pipeline.queues import Task
from messaging_pipeline.sealing import Sealer
from messaging_pipeline.twilio_api.callbacks import MalformedCallback
from messaging_pipeline.twilio_api.sids import MESSAGE_SID
from webhooks.authentication import signed_by_twilio
from webhooks.status import CLOCK
from webhooks.twiml import twiml

ANSWERING = "answering"
CONFIGURATION = "configuration"
PUBLISHER = "publisher"
SEALER = "sealer"

inbound = Blueprint("inbound", __name__)


@inbound.post("/twilio/inbound")
@inbound.post("/twilio/fallback")
@inbound.post("/twilio/t/<tenant>/inbound")
@inbound.post("/twilio/t/<tenant>/fallback")
@signed_by_twilio("inbound")
def take_inbound(tenant: str) -> Response:
    """Enqueue an inbound message and answer it; the fallback URL takes what the first one could not."""
    sid = _sid()
    answer = _answer(tenant, sid)
    publisher: Publisher = current_app.extensions[PUBLISHER]
    publisher.publish(Task.RECEIVE, _arguments(tenant, is_answered=answer is not None))
    return twiml(answer)


def _sid() -> str:
    """Return the message's SID; raises MalformedCallback for what could not be stored, however often it came again."""
    sid = request.form.get("MessageSid") or request.form.get("SmsSid", "")
    if not MESSAGE_SID.fullmatch(sid):
        raise MalformedCallback("MessageSid")
    for field in ("From", "To"):
        if "\x00" in request.form.get(field, ""):
            raise MalformedCallback(field)
    return sid


def _answer(tenant: str, sid: str) -> str | None:
    """Where nothing is configured to be answered there is no desk, and nothing to read."""
    answering: Answering | None = current_app.extensions[ANSWERING]
    if answering is None:
        return None
    configuration: Configuration = current_app.extensions[CONFIGURATION]
    return answering.answer(hear(configuration, tenant, request.form), sid)


def _arguments(tenant: str, *, is_answered: bool) -> dict[str, Any]:
    """A worker of the version before knows nothing of answers, so that only an answered message tells of one."""
    clock: Clock = current_app.extensions[CLOCK]
    sealer: Sealer = current_app.extensions[SEALER]
    arguments = {
        "tenant": tenant,
        "sealed_form": sealer.seal(list(request.form.items(multi=True))).decode(),
        "received_at": clock.now().isoformat(),
    }
    return {**arguments, "answered": True} if is_answered else arguments
