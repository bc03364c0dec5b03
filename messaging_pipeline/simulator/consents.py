"""Twilio's list of consent, fed in bulk: each item is judged by itself, and what is taken replaces what was known."""

import json
import re
from typing import Any

from aiohttp import web

from messaging_pipeline.simulator.parameters import read_form
from messaging_pipeline.simulator.rest_errors import ApiError
from messaging_pipeline.simulator.stage import STAGE

_MOST_ITEMS = 25
_REFUSED = 30646
_RULES = {
    "correlation_id": re.compile(r"[0-9a-fA-F]{32}"),
    "contact_id": re.compile(r"\+[1-9]\d{6,14}"),
    "sender_id": re.compile(r"MG[0-9a-fA-F]{32}|\+[1-9]\d{6,14}"),
    "status": re.compile(r"opt-in|opt-out"),
    "source": re.compile(r"website|offline|opt-in-message|opt-out-message|others"),
}


async def upsert(request: web.Request) -> web.Response:
    """Answer POST /v1/Consents/Bulk: 201 with a code for each item, 0 for what was taken."""
    world = request.app[STAGE].world
    items = [_decoded(text) for text in read_form(await request.read()).get("Items", ())]
    if world.accounts.authenticate(request.headers.get("Authorization")) is None:
        return _refused(ApiError(20003))
    if not 1 <= len(items) <= _MOST_ITEMS:
        return _refused(ApiError(30400))
    answers = [_judged(item) for item in items]
    for item, answer in zip(items, answers, strict=True):
        if answer["error_code"] == 0:
            world.consents[item["sender_id"], item["contact_id"]] = item
    return web.json_response({"items": answers}, status=201)


def _decoded(text: str) -> dict[str, Any]:
    try:
        item = json.loads(text)
    except ValueError:
        return {}
    return item if isinstance(item, dict) else {}


def _judged(item: dict[str, Any]) -> dict[str, Any]:
    wrong = [f"INVALID_{name.upper()}" for name, rule in _RULES.items() if not rule.fullmatch(str(item.get(name)))]
    return {
        "correlation_id": item.get("correlation_id"),
        "error_code": _REFUSED if wrong else 0,
        "error_messages": wrong,
    }


def _refused(error: ApiError) -> web.Response:
    return web.json_response(error.as_json(), status=error.http_status)
