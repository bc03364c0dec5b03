"""The phone numbers of an account (https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource)."""

from typing import Any

from aiohttp import web

from messaging_pipeline.simulator.paging import page_of_2010
from messaging_pipeline.simulator.resources import API_VERSION, account_path, date
from messaging_pipeline.simulator.rest import Call, Reply, serve
from messaging_pipeline.simulator.senders import Sender
from messaging_pipeline.simulator.services import changed_number

_NUMBERS = f"/{API_VERSION}/Accounts/{{account_sid}}/IncomingPhoneNumbers"
_NUMBER = _NUMBERS + "/{number_sid}.json"


def routes() -> list[web.RouteDef]:
    """Return what is answered about numbers; they are neither bought nor released here."""
    return [web.get(_NUMBERS + ".json", page), web.get(_NUMBER, fetch), web.post(_NUMBER, update)]


async def page(request: web.Request) -> web.StreamResponse:
    """Answer GET IncomingPhoneNumbers.json."""
    return await serve(request, _page)


async def fetch(request: web.Request) -> web.StreamResponse:
    """Answer GET IncomingPhoneNumbers/PN….json."""
    return await serve(request, lambda call: Reply(200, _json(call, _find(call))))


async def update(request: web.Request) -> web.StreamResponse:
    """Answer POST IncomingPhoneNumbers/PN….json."""
    return await serve(request, _update)


def _page(call: Call) -> Reply:
    """List the numbers; the filter ``PhoneNumber`` may be a part of one."""
    wanted = call.request.query.get("PhoneNumber", "").strip("*")
    numbers = [number for number in call.world.senders.numbers_of(call.account.sid) if wanted in number.address]
    return page_of_2010(call, "incoming_phone_numbers", numbers, lambda number: _json(call, number))


def _find(call: Call) -> Sender:
    return call.world.senders.number(call.path_part("number_sid"), call.account.sid)


def _update(call: Call) -> Reply:
    number = _find(call)
    number.config = changed_number(number.config, call.form)
    return Reply(200, _json(call, number))


def _json(call: Call, number: Sender) -> dict[str, Any]:
    config = number.config
    created_at = date(call.account.created_at)
    return {
        "account_sid": number.account_sid,
        "address_requirements": "none",
        "address_sid": None,
        "api_version": API_VERSION,
        "beta": False,
        "capabilities": {name: name in config.capabilities for name in ("fax", "mms", "sms", "voice")},
        "date_created": created_at,
        "date_updated": created_at,
        "friendly_name": config.friendly_name or number.address,
        "origin": "twilio",
        "phone_number": number.address,
        "sid": number.sid,
        "sms_application_sid": "",
        "sms_fallback_method": config.fallback_method,
        "sms_fallback_url": config.fallback_url or "",
        "sms_method": config.inbound_method,
        "sms_url": config.inbound_url or "",
        "status": "in-use",
        "status_callback": config.status_callback or "",
        "status_callback_method": "POST",
        "type": "tollfree" if number.is_toll_free else "local",
        "uri": f"{account_path(number.account_sid)}/IncomingPhoneNumbers/{number.sid}.json",
        "voice_url": None,
    }
