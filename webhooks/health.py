"""Liveness and readiness: whether the process runs, and whether it could hand an event over."""

from flask import Blueprint, Response, current_app

from messaging_pipeline.publish import Publisher
from webhooks.authentication import open_to_everybody
from webhooks.inbound import PUBLISHER

health = Blueprint("health", __name__)


@health.get("/healthz")
@open_to_everybody
def live() -> Response:
    """Answer 200 while the process runs."""
    return Response("ok\n", content_type="text/plain")


@health.get("/readyz")
@open_to_everybody
def ready() -> Response:
    """Answer 200 when the broker is there, 503 when callbacks would have to be refused."""
    publisher: Publisher = current_app.extensions[PUBLISHER]
    if publisher.is_reachable():
        return Response("ready\n", content_type="text/plain")
    return Response("the broker is not reachable\n", status=503, content_type="text/plain")
