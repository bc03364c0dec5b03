"""Somebody who receives our signed calls, checks the signature as our documentation says, and keeps what came."""

import hashlib
import hmac
import json

from aiohttp import web

from messaging_pipeline.simulator.call_book import SignedCall
from messaging_pipeline.simulator.simulated_time import unix_now
from messaging_pipeline.simulator.stage import STAGE

_OLDEST_SECONDS = 300


def routes() -> list[web.RouteDef]:
    """Return the receivers, of any name, and the page on which their calls are seen."""
    return [web.post("/receivers/{name}", _receive), web.get("/simulator/signed-calls", _calls)]


async def _receive(request: web.Request) -> web.Response:
    """Answer 204, or 401 when the signature or its time is wrong, or 400 when the body is no JSON."""
    stage = request.app[STAGE]
    body, key = await request.read(), request.headers.get("Idempotency-Key", "")
    genuine = _is_genuine(stage.config.stand_ins.receiver_secret, request, body)
    try:
        document = json.loads(body)
    except ValueError:
        return web.json_response({"error": "the body is no JSON"}, status=400)
    stage.world.signed_calls.keep(SignedCall(request.match_info["name"], key, genuine, unix_now(), document))
    if not genuine:
        return web.Response(status=401)
    reply = _reply(document)
    return web.Response(status=204) if reply is None else web.json_response({"reply": reply})


def _reply(document: object) -> str | None:
    """Answer what a keyword calls for, so that the writer sees who has read it; say nothing to anything else."""
    if not isinstance(document, dict) or not isinstance(document.get("word"), str):
        return None
    return f"{document['word'].upper()} {document.get('argument') or ''}".strip() + ": we are looking into it."


def _is_genuine(secret: str, request: web.Request, body: bytes) -> bool:
    timestamp = request.headers.get("Messaging-Timestamp", "")
    proof = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    is_recent = timestamp.isdecimal() and abs(unix_now() - int(timestamp)) <= _OLDEST_SECONDS
    return is_recent and hmac.compare_digest(request.headers.get("Messaging-Signature", ""), f"v1={proof}")


async def _calls(request: web.Request) -> web.Response:
    """Answer GET /simulator/signed-calls."""
    return web.json_response(request.app[STAGE].world.signed_calls.as_rows())
