"""Firebase Cloud Messaging, and the tokens that open it.

https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages/send
"""

from typing import Any

from aiohttp import web

from messaging_pipeline.simulator.message import new_sid
from messaging_pipeline.simulator.service_account import GRANT, PROJECT_ID, TOKEN_PATH, RefusedError, check_assertion
from messaging_pipeline.simulator.simulated_time import unix_now
from messaging_pipeline.simulator.stage import STAGE

_TOKEN_SECONDS = 3600

#: What a device's token begins with decides how it fares: HTTP status, Google's status, Firebase's word.
_FATES = {
    "unregistered": (404, "NOT_FOUND", "UNREGISTERED"),
    "mismatch": (403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH"),
    "invalid": (400, "INVALID_ARGUMENT", "INVALID_ARGUMENT"),
    "quota": (429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED"),
    "unavailable": (503, "UNAVAILABLE", "UNAVAILABLE"),
}


async def token(request: web.Request) -> web.Response:
    """Answer POST /oauth2/token: an access token for an assertion that our service account has signed."""
    form = await request.post()
    stage = request.app[STAGE]
    if form.get("grant_type") != GRANT:
        return web.json_response({"error": "unsupported_grant_type"}, status=400)
    try:
        check_assertion(str(form.get("assertion", "")), audience=stage.url + TOKEN_PATH, now=unix_now())
    except RefusedError as refused:
        return web.json_response({"error": refused.code}, status=400)
    fresh = new_sid("ya29.")
    stage.world.firebase.tokens.add(fresh)
    return web.json_response({"access_token": fresh, "expires_in": _TOKEN_SECONDS, "token_type": "Bearer"})


async def send(request: web.Request) -> web.Response:
    """Answer POST /v1/projects/ID/messages:send: the notification's name, or Firebase's error."""
    world = request.app[STAGE].world
    if request.headers.get("Authorization", "").removeprefix("Bearer ") not in world.firebase.tokens:
        return _error(401, "UNAUTHENTICATED", None)
    if request.match_info["project"] != PROJECT_ID:
        return _error(404, "NOT_FOUND", None)
    message = await _message(request)
    if message is None:
        return _error(*_FATES["invalid"])
    fate = _FATES.get(str(message.get("token", "")).partition(":")[0])
    if fate is not None:
        return _error(*fate)
    world.firebase.pushes.append({**message, "received_at": unix_now()})
    return web.json_response({"name": f"projects/{request.match_info['project']}/messages/{new_sid('')}"})


async def _message(request: web.Request) -> dict[str, Any] | None:
    """Return a message that goes to somebody and holds nothing but texts in its data; None for any other."""
    try:
        asked = await request.json()
    except ValueError:
        return None
    message = asked.get("message") if isinstance(asked, dict) else None
    if not isinstance(message, dict) or ("token" in message) is ("topic" in message):
        return None
    data = message.get("data", {})
    if not isinstance(data, dict) or not all(isinstance(value, str) for value in data.values()):
        return None
    return message


def _error(status: int, word: str, code: str | None) -> web.Response:
    kind = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
    details = [{"@type": kind, "errorCode": code}] if code else []
    error = {"code": status, "message": word.lower(), "status": word, "details": details}
    return web.json_response({"error": error}, status=status)
