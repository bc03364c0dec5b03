"""The Services of Twilio's messaging API, and the numbers of each (https://www.twilio.com/docs/messaging/api/service-resource)."""

from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from messaging_pipeline.simulator.configuration import ServiceConfig
from messaging_pipeline.simulator.message import new_sid
from messaging_pipeline.simulator.paging import page_of_v1
from messaging_pipeline.simulator.parameters import value
from messaging_pipeline.simulator.rest import Call, Reply, serve
from messaging_pipeline.simulator.rest_errors import ApiError
from messaging_pipeline.simulator.senders import Sender
from messaging_pipeline.simulator.services import Service, changed_service
from messaging_pipeline.simulator.simulated_time import unix_now
from messaging_pipeline.simulator.stage import STAGE

_SERVICES = "/v1/Services"
_SERVICE = _SERVICES + "/{service_sid}"
_NUMBERS = _SERVICE + "/PhoneNumbers"
_NUMBER = _NUMBERS + "/{number_sid}"
_COUNTRIES = {"+1": "US", "+33": "FR", "+44": "GB", "+49": "DE", "+61": "AU", "+91": "IN"}


def routes() -> list[web.RouteDef]:
    """Return what is answered at messaging.twilio.com."""
    return [
        web.post(_SERVICES, create),
        web.get(_SERVICES, page),
        web.get(_SERVICE, fetch),
        web.post(_SERVICE, update),
        web.delete(_SERVICE, delete),
        web.post(_NUMBERS, attach),
        web.get(_NUMBERS, page_of_numbers),
        web.get(_NUMBER, fetch_number),
        web.delete(_NUMBER, detach),
    ]


async def create(request: web.Request) -> web.StreamResponse:
    """Answer POST Services."""
    return await serve(request, _create)


async def page(request: web.Request) -> web.StreamResponse:
    """Answer GET Services."""
    return await serve(request, _page)


async def fetch(request: web.Request) -> web.StreamResponse:
    """Answer GET Services/MG…."""
    return await serve(request, lambda call: Reply(200, _service_json(call, find_service(call))))


async def update(request: web.Request) -> web.StreamResponse:
    """Answer POST Services/MG…."""
    return await serve(request, _update)


async def delete(request: web.Request) -> web.StreamResponse:
    """Answer DELETE Services/MG…."""
    return await serve(request, _delete)


async def attach(request: web.Request) -> web.StreamResponse:
    """Answer POST Services/MG…/PhoneNumbers."""
    return await serve(request, _attach)


async def page_of_numbers(request: web.Request) -> web.StreamResponse:
    """Answer GET Services/MG…/PhoneNumbers."""
    return await serve(request, _page_of_numbers)


async def fetch_number(request: web.Request) -> web.StreamResponse:
    """Answer GET Services/MG…/PhoneNumbers/PN…."""
    return await serve(request, lambda call: Reply(200, _number_json(call, *_find_number(call))))


async def detach(request: web.Request) -> web.StreamResponse:
    """Answer DELETE Services/MG…/PhoneNumbers/PN…."""
    return await serve(request, _detach)


def find_service(call: Call) -> Service:
    """Return the service that the path names; raises ApiError 20404 when this account has none such."""
    try:
        return call.world.senders.service(call.path_part("service_sid"), call.account.sid)
    except ApiError:
        raise ApiError(20404, call.request.path) from None


def _create(call: Call) -> Reply:
    if value(call.form, "FriendlyName") is None:
        raise ApiError(20001, "FriendlyName")
    config = changed_service(ServiceConfig(new_sid("MG")), call.form)
    service = call.world.senders.add_service(config, call.account.sid, unix_now())
    return Reply(201, _service_json(call, service))


def _page(call: Call) -> Reply:
    services = call.world.senders.services_of(call.account.sid)
    return page_of_v1(call, "services", services, lambda service: _service_json(call, service))


def _update(call: Call) -> Reply:
    service = find_service(call)
    service.config = changed_service(service.config, call.form)
    return Reply(200, _service_json(call, service))


def _delete(call: Call) -> Reply:
    call.world.senders.remove_service(find_service(call))
    return Reply(204, None)


def _attach(call: Call) -> Reply:
    service = find_service(call)
    sid = value(call.form, "PhoneNumberSid")
    if sid is None:
        raise ApiError(20001, "PhoneNumberSid")
    number = call.world.senders.number(sid, call.account.sid)
    call.world.senders.attach(number, service)
    return Reply(201, _number_json(call, service, number))


def _page_of_numbers(call: Call) -> Reply:
    service = find_service(call)
    numbers = [sender for sender in service.pool if sender.is_phone_number]
    return page_of_v1(call, "phone_numbers", numbers, lambda number: _number_json(call, service, number))


def _find_number(call: Call) -> tuple[Service, Sender]:
    service = find_service(call)
    for sender in service.pool:
        if sender.sid == call.path_part("number_sid"):
            return service, sender
    raise ApiError(20404, call.request.path)


def _detach(call: Call) -> Reply:
    service, number = _find_number(call)
    call.world.senders.detach(number, service)
    return Reply(204, None)


def _service_json(call: Call, service: Service) -> dict[str, Any]:
    """Return a service; whether its campaign is registered is what the configuration says."""
    config = service.config
    url = f"{call.request.app[STAGE].url}{_SERVICES}/{config.sid}"
    return {
        "account_sid": service.account_sid,
        "area_code_geomatch": config.area_code_geomatch,
        "date_created": _date(service.created_at),
        "date_updated": _date(service.created_at),
        "fallback_method": config.fallback_method,
        "fallback_to_long_code": True,
        "fallback_url": config.fallback_url,
        "friendly_name": config.friendly_name,
        "inbound_method": config.inbound_method,
        "inbound_request_url": config.inbound_url,
        "links": {"phone_numbers": f"{url}/PhoneNumbers"},
        "mms_converter": config.mms_converter,
        "scan_message_content": "inherit",
        "sid": config.sid,
        "smart_encoding": config.smart_encoding,
        "status_callback": config.status_callback,
        "sticky_sender": config.sticky_sender,
        "synchronous_validation": False,
        "url": url,
        "us_app_to_person_registered": config.campaign_status == "VERIFIED",
        "use_inbound_webhook_on_number": config.use_inbound_webhook_on_number,
        "usecase": config.usecase,
        "validity_period": config.validity_seconds,
    }


def _number_json(call: Call, service: Service, number: Sender) -> dict[str, Any]:
    return {
        "account_sid": service.account_sid,
        "capabilities": [name.upper() for name in ("sms", "mms") if name in number.config.capabilities],
        "country_code": _country_code(number.address),
        "date_created": _date(service.created_at),
        "date_updated": _date(service.created_at),
        "phone_number": number.address,
        "service_sid": service.config.sid,
        "sid": number.sid,
        "url": f"{call.request.app[STAGE].url}{_SERVICES}/{service.config.sid}/PhoneNumbers/{number.sid}",
    }


def _country_code(address: str) -> str | None:
    """Return a number's country, of the few that the simulation knows; the main one where several share a code."""
    return next((country for prefix, country in _COUNTRIES.items() if address.startswith(prefix)), None)


def _date(unix_seconds: float) -> str:
    """Return a date as the newer APIs write it: ISO 8601, whole seconds."""
    return datetime.fromtimestamp(int(unix_seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
