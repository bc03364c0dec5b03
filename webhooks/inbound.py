"""Inbound messages: sealed at the door, enqueued, answered with empty TwiML."""

from flask import Blueprint, Response, current_app, request

from messaging_pipeline.clock import Clock
from messaging_pipeline.publish import Publisher
from messaging_pipeline.queues import Task
from messaging_pipeline.sealing import Sealer
from messaging_pipeline.twilio_api.callbacks import MalformedCallback
from webhooks.authentication import signed_by_twilio
from webhooks.status import CLOCK

PUBLISHER = "publisher"
SEALER = "sealer"

_NO_REPLY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'

inbound = Blueprint("inbound", __name__)


@inbound.post("/twilio/inbound")
@inbound.post("/twilio/fallback")
@inbound.post("/twilio/t/<tenant>/inbound")
@inbound.post("/twilio/t/<tenant>/fallback")
@signed_by_twilio("inbound")
def take_inbound(tenant: str) -> Response:
    """Enqueue an inbound message; the fallback URL takes what the first one could not."""
    if not (request.form.get("MessageSid") or request.form.get("SmsSid")):
        raise MalformedCallback("MessageSid")
    clock: Clock = current_app.extensions[CLOCK]
    sealer: Sealer = current_app.extensions[SEALER]
    publisher: Publisher = current_app.extensions[PUBLISHER]
    publisher.publish(
        Task.RECEIVE,
        {
            "tenant": tenant,
            "sealed_form": sealer.seal(list(request.form.items(multi=True))).decode(),
            "received_at": clock.now().isoformat(),
        },
    )
    return Response(_NO_REPLY, status=200, content_type="text/xml; charset=utf-8")
