"""What SendGrid tells of the letters that it took from us."""

import functools
from typing import Any

from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import Forbidden, RequestEntityTooLarge

from messaging_pipeline.publish import Publisher
from messaging_pipeline.queues import Task
from messaging_pipeline.twilio_api.sendgrid_events import SIGNATURE_HEADER, TIMESTAMP_HEADER, is_genuine, parse_events
from webhooks.authentication import View
from webhooks.inbound import PUBLISHER

SENDGRID_KEY = "sendgrid-key"

#: SendGrid posts its events in batches of up to 768 KB.
MAX_BATCH_BYTES = 1024 * 1024

sendgrid = Blueprint("sendgrid", __name__)


def signed_by_sendgrid(view: View) -> View:
    """Declare that a view answers only what SendGrid signed with the key of our settings; without one, nothing."""

    @functools.wraps(view)
    def guarded(**values: Any) -> Response:
        key = current_app.extensions[SENDGRID_KEY]
        body = _batch()
        signature, timestamp = (request.headers.get(name, "") for name in (SIGNATURE_HEADER, TIMESTAMP_HEADER))
        if key is None or not is_genuine(key, body, signature, timestamp):
            raise Forbidden
        return view(**values)

    guarded.authentication = "signed by SendGrid"  # type: ignore[attr-defined]
    return guarded


@sendgrid.post("/sendgrid/events")
@signed_by_sendgrid
def take_events() -> Response:
    """Enqueue what is about letters of ours and answer 204; no address is passed on."""
    events = parse_events(request.get_data())
    if events:
        publisher: Publisher = current_app.extensions[PUBLISHER]
        told = [
            {"message_id": str(one.message_id), "number": one.number, "word": one.word, "at": one.at.isoformat()}
            for one in events
        ]
        publisher.publish(Task.HEAR_OF_LETTERS, {"events": told})
    return Response(status=204)


def _batch() -> bytes:
    request.max_content_length = MAX_BATCH_BYTES + 1
    body = request.get_data()
    if len(body) > MAX_BATCH_BYTES:
        raise RequestEntityTooLarge
    return body
