"""What each refusal answers, in one table, and the count of every answer."""

import logging
import time
from contextlib import ExitStack

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from messaging_pipeline.errors import NotReachable
from messaging_pipeline.log import about
from messaging_pipeline.metrics import record_callback, record_refused_signature
from messaging_pipeline.twilio_api.callbacks import MalformedCallback
from messaging_pipeline.webhook_urls import DOCTOR
from webhooks.authentication import NotBelieved

_log = logging.getLogger(__name__)

_ANSWER_NAMES = {
    200: "taken",
    204: "taken",
    400: "malformed",
    403: "bad_signature",
    404: "not_found",
    405: "wrong_method",
    413: "too_large",
    503: "broker_away",
}

_NOT_BELIEVED = {
    "unproven_body": "the signature does not match; what is no form needs its bodySHA256 in the signed URL",
    "unknown_account": "the AccountSid is not known here",
    "foreign_account": "the AccountSid is not the one that this address is for",
}

#: Where a request is counted that no route took, such as the GET of a webhook that is misconfigured at Twilio.
_NO_ROUTE = "none"


def register(app: Flask) -> None:
    """Register the refusals, and count and time every answer."""
    app.register_error_handler(MalformedCallback, _malformed)
    app.register_error_handler(NotReachable, _broker_away)
    app.register_error_handler(NotBelieved, _not_believed)
    app.register_error_handler(RequestEntityTooLarge, _too_large)
    app.register_error_handler(HTTPException, _plain)
    app.before_request(_start_timing)
    app.after_request(_count)
    app.teardown_request(_name_nothing)


def _malformed(error: MalformedCallback) -> Response:
    _log.warning("callback refused: %s%s", error, _who_says())
    return _text(str(error), 400)


def _broker_away(_: NotReachable) -> Response:
    """Never a false 204: Twilio is asked to come again, and reconciliation finds what it does not repeat."""
    answer = _text("the broker is not reachable; try again", 503)
    answer.headers["Retry-After"] = "1"
    return answer


def _not_believed(error: NotBelieved) -> Response:
    record_refused_signature(error.reason)
    _log.warning("signature refused on %s: %s%s", request.url_rule, error.reason, _who_says())
    return _text(_NOT_BELIEVED.get(error.reason, "the signature does not match"), 403)


def _who_says() -> str:
    """A word for the log, so that an examination looks like one; nothing is believed for it."""
    return " (says it is the doctor)" if request.user_agent.string == DOCTOR else ""


def _too_large(_: RequestEntityTooLarge) -> Response:
    return _text("the body is too large", 413)


def _plain(error: HTTPException) -> Response:
    return _text(error.name, error.code or 500)


def _text(text: str, status: int) -> Response:
    return Response(text + "\n", status=status, content_type="text/plain; charset=utf-8")


def _start_timing() -> None:
    g.began = time.perf_counter()
    g.named = ExitStack()
    g.named.enter_context(about(message_id=(request.view_args or {}).get("message_id")))


def _name_nothing(_: BaseException | None) -> None:
    """The thread goes on to another request."""
    if "named" in g:
        g.pop("named").close()


def _count(answer: Response) -> Response:
    if request.blueprint != "health":
        name = _ANSWER_NAMES.get(answer.status_code, "other")
        record_callback(request.blueprint or _NO_ROUTE, name, time.perf_counter() - g.began)
    return answer
