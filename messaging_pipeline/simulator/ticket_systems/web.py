"""The three ticket systems over HTTP, each at its real paths, and the page on which they are seen."""

import json
from base64 import b64encode
from typing import Any

from aiohttp import web

from messaging_pipeline.simulator.stage import STAGE
from messaging_pipeline.simulator.ticket_systems.desk import Asked


def routes() -> list[web.RouteDef]:
    """Return the routes; they are no path of Twilio's."""
    return [
        web.route("*", "/api/v2/{rest:.*}", _of("zendesk")),
        web.route("*", "/rest/api/3/{rest:.*}", _of("jira")),
        web.route("*", "/api/now/{rest:.*}", _of("servicenow")),
        web.get("/simulator/tickets", _tickets),
        web.post("/simulator/tickets/close", _close),
    ]


def _of(system: str) -> Any:
    async def view(request: web.Request) -> web.Response:
        return await _answer(request, system)

    return view


async def _answer(request: web.Request, system: str) -> web.Response:
    stage = request.app[STAGE]
    desk, stand_ins = stage.world.desks[system], stage.config.stand_ins
    login = f"{desk.user(stand_ins.ticket_user)}:{stand_ins.ticket_secret}".encode()
    if request.headers.get("Authorization") != "Basic " + b64encode(login).decode():
        return web.json_response({"error": "Couldn't authenticate you"}, status=401)
    try:
        body = json.loads(await request.read() or b"null")
        key = request.headers.get("Idempotency-Key", "")
        status, content = desk.answer(Asked(request.method, request.path, request.query, body, key))
    except (KeyError, TypeError, ValueError) as wrong:
        return web.json_response({"error": f"not as documented: {wrong}"}, status=400)
    return web.json_response(content, status=status)


async def _tickets(request: web.Request) -> web.Response:
    """Answer GET /simulator/tickets: every ticket of the three systems with its entries."""
    desks = request.app[STAGE].world.desks
    return web.json_response([{"system": name, **row} for name, desk in desks.items() for row in desk.shelf.as_rows()])


async def _close(request: web.Request) -> web.Response:
    """Answer POST /simulator/tickets/close: an agent closes the ticket of this ``system`` and ``number``."""
    try:
        asked = await request.json()
        closed = request.app[STAGE].world.desks[asked["system"]].shelf.close(str(asked["number"]))
    except (ValueError, KeyError, TypeError):
        closed = False
    if not closed:
        return web.json_response({"error": "system, number: there is no such ticket"}, status=400)
    return web.Response(status=204)
