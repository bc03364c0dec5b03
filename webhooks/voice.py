"""Voice callbacks: a call that nobody took becomes a text, through the same queue as every other one."""

import re

from flask import Blueprint, Response, current_app, request

from messaging_pipeline.configuration import Configuration
from messaging_pipeline.missed_calls import text_for_missed_call
from messaging_pipeline.publish import Publisher
from messaging_pipeline.queues import Task
from messaging_pipeline.twilio_api.callbacks import MalformedCallback
from webhooks.authentication import signed_by_twilio
from webhooks.inbound import CONFIGURATION, PUBLISHER

_CALL_SID = re.compile(r"CA[0-9a-fA-F]{32}")
_NOTHING_MORE = '<?xml version="1.0" encoding="UTF-8"?><Response/>'

voice = Blueprint("voice", __name__)


@voice.post("/twilio/voice")
@voice.post("/twilio/t/<tenant>/voice")
@signed_by_twilio("voice")
def take_call(tenant: str) -> Response:
    """Enqueue the text for a missed call, and answer with empty TwiML, which ends a call and harms no callback."""
    call_sid = request.form.get("CallSid", "")
    if not _CALL_SID.fullmatch(call_sid):
        raise MalformedCallback("CallSid")
    configuration: Configuration = current_app.extensions[CONFIGURATION]
    arguments = text_for_missed_call(configuration, tenant, call_sid, request.form)
    if arguments is not None:
        publisher: Publisher = current_app.extensions[PUBLISHER]
        publisher.publish(Task.SEND, arguments)
    return Response(_NOTHING_MORE, status=200, content_type="text/xml; charset=utf-8")
