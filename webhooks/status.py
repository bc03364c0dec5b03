"""Status callbacks: what became of a message, as Twilio tells it."""

from uuid import UUID

from flask import Blueprint, Response, current_app, request

from messaging_pipeline.clock import Clock
from messaging_pipeline.traces.spans import span
from messaging_pipeline.twilio_api.callbacks import parse_status_callback
from webhooks.authentication import signed_by_twilio
from webhooks.outlet import Outlet

OUTLET = "status-outlet"
CLOCK = "clock"

status = Blueprint("status", __name__)


@status.post("/twilio/status")
@status.post("/twilio/status/<uuid:message_id>")
@status.post("/twilio/status/<uuid:message_id>/<int(max=32767):attempt>")
@status.post("/twilio/t/<tenant>/status")
@status.post("/twilio/t/<tenant>/status/<uuid:message_id>")
@status.post("/twilio/t/<tenant>/status/<uuid:message_id>/<int(max=32767):attempt>")
@signed_by_twilio("status")
def take_status(tenant: str, message_id: UUID | None = None, attempt: int = 1) -> Response:
    """Enqueue a status callback and answer 204; neither phone number is passed on."""
    callback = parse_status_callback(request.form)
    clock: Clock = current_app.extensions[CLOCK]
    outlet: Outlet = current_app.extensions[OUTLET]
    with span("callback", message_id, "server", status=callback.status, error_code=callback.error_code):
        outlet.submit(
            {
                "message_id": str(message_id) if message_id else None,
                "attempt": attempt if message_id else None,
                "tenant": tenant,
                "sid": callback.sid,
                "status": callback.status,
                "error_code": callback.error_code,
                "received_at": clock.now().isoformat(),
            }
        )
    return Response(status=204)
