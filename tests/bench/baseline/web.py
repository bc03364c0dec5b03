"""The baseline's webhook: validate the signature, start a task, answer 204."""

import os

from flask import Flask, Response, abort, request
from twilio.request_validator import RequestValidator

from tests.bench.baseline.tasks import update_status

app = Flask(__name__)
validator = RequestValidator(os.environ["TWILIO_AUTH_TOKEN"])


@app.get("/healthz")
def healthz() -> str:
    """Answer while the process runs."""
    return "ok"


@app.post("/status")
def status() -> Response:
    """Hand a status callback to a worker."""
    signature = request.headers.get("X-Twilio-Signature", "")
    if not validator.validate(request.url, request.form, signature):
        abort(403)
    form = request.form
    update_status.delay(form["MessageSid"], form["MessageStatus"], form.get("ErrorCode"))
    return Response(status=204)
