"""Twilio's Lookup API, version 2: what a number is (https://www.twilio.com/docs/lookup/v2-api)."""

import re
from typing import Any

from aiohttp import web

from messaging_pipeline.simulator.magic_numbers import of_recipient
from messaging_pipeline.simulator.rest_errors import ApiError
from messaging_pipeline.simulator.simulated_time import pause
from messaging_pipeline.simulator.stage import STAGE
from messaging_pipeline.simulator.world import World

_NUMBER = re.compile(r"\+[1-9]\d{6,14}")
_LINE_TYPE = "line_type_intelligence"

#: Whose network a number is in: a landline's, or by its last digit, even or odd. 001 is for test networks.
_LANDLINES = ("County Telephone", None, None)
_MOBILES = (("Northern Wireless", "001", "01"), ("Southern Cellular, Inc.", "001", "02"))


async def fetch(request: web.Request) -> web.Response:
    """Answer GET PhoneNumbers: whether it is valid and, if ``Fields`` says so, its line."""
    world = request.app[STAGE].world
    await pause(world.faults.latency_ms / 1000)
    try:
        return web.json_response(_answer(request, world))
    except ApiError as error:
        return web.json_response(error.as_json(), status=error.http_status)


def _answer(request: web.Request, world: World) -> dict[str, Any]:
    account = world.accounts.authenticate(request.headers.get("Authorization"))
    if account is None:
        raise ApiError(20003)
    number, fields = request.match_info["number"], request.query.get("Fields", "")
    world.lookups.append({"account_sid": account.sid, "number": number, "fields": fields})
    magic = of_recipient(number)
    if magic.lookup_fails:
        raise ApiError(20500)
    line_type = magic.line_type if _NUMBER.fullmatch(number) else None
    asked = _LINE_TYPE in fields.split(",")
    return {
        "phone_number": number,
        "valid": line_type is not None,
        "validation_errors": [] if line_type else ["NOT_A_NUMBER"],
        _LINE_TYPE: _line(number, line_type) if asked and line_type else None,
    }


def _line(number: str, line_type: str) -> dict[str, Any]:
    name, country, network = _LANDLINES if line_type == "landline" else _MOBILES[int(number[-1]) % len(_MOBILES)]
    return {
        "type": line_type,
        "carrier_name": name,
        "mobile_country_code": country,
        "mobile_network_code": network,
        "error_code": None,
    }
