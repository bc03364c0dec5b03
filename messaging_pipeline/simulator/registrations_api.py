"""What is registered with Twilio, to be looked at: campaigns, verifications, geo permissions, other senders."""

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from messaging_pipeline.simulator.message import new_sid
from messaging_pipeline.simulator.paging import page_of_v1
from messaging_pipeline.simulator.rest import Call, Reply, serve
from messaging_pipeline.simulator.senders import Sender
from messaging_pipeline.simulator.services import Service
from messaging_pipeline.simulator.services_api import find_service

_SERVICE = "/v1/Services/{service_sid}"
_COUNTRIES = ("AU", "BR", "CA", "DE", "ES", "FR", "GB", "IN", "IT", "JP", "MX", "NL", "PL", "SG", "US", "ZA")


def routes() -> list[web.RouteDef]:
    """Return what is answered at messaging.twilio.com and accounts.twilio.com; nothing can be registered here."""
    return [
        web.get(_SERVICE + "/Compliance/Usa2p", campaigns),
        web.get(_SERVICE + "/ShortCodes", short_codes),
        web.get(_SERVICE + "/AlphaSenders", alpha_senders),
        web.get("/v1/Tollfree/Verifications", verifications),
        web.get("/v1/Messaging/GeoPermissions", countries),
    ]


async def campaigns(request: web.Request) -> web.StreamResponse:
    """Answer GET Services/MG…/Compliance/Usa2p: the one campaign, or none."""
    return await serve(request, _campaigns)


async def short_codes(request: web.Request) -> web.StreamResponse:
    """Answer GET Services/MG…/ShortCodes."""
    return await serve(request, _short_codes)


async def alpha_senders(request: web.Request) -> web.StreamResponse:
    """Answer GET Services/MG…/AlphaSenders."""
    return await serve(request, _alpha_senders)


async def verifications(request: web.Request) -> web.StreamResponse:
    """Answer GET Tollfree/Verifications, of one number if the query names it."""
    return await serve(request, _verifications)


async def countries(request: web.Request) -> web.StreamResponse:
    """Answer GET Messaging/GeoPermissions: open are all countries but those that the account's configuration names."""
    return await serve(request, _permissions)


def _campaigns(call: Call) -> Reply:
    service = find_service(call)
    registered = [service] if service.config.campaign_status else []
    return page_of_v1(call, "compliance", registered, _campaign_json)


def _campaign_json(service: Service) -> dict[str, Any]:
    config = service.config
    return {
        "account_sid": service.account_sid,
        "brand_registration_sid": "BN" + config.sid[2:],
        "campaign_id": None,
        "campaign_status": config.campaign_status,
        "description": "Simulated campaign, in no registry and of no effect",
        "errors": [],
        "has_embedded_links": config.campaign_links,
        "has_embedded_phone": False,
        "message_samples": list(config.campaign_samples),
        "messaging_service_sid": config.sid,
        "mock": False,
        "rate_limits": {},
        "sid": "QE" + config.sid[2:],
        "us_app_to_person_usecase": config.campaign_use_case,
    }


def _short_codes(call: Call) -> Reply:
    senders = [one for one in find_service(call).pool if one.is_short_code]
    return _senders(call, "short_codes", "short_code", senders)


def _alpha_senders(call: Call) -> Reply:
    senders = [one for one in find_service(call).pool if not one.is_short_code and not one.is_phone_number]
    return _senders(call, "alpha_senders", "alpha_sender", senders)


def _senders(call: Call, key: str, kind: str, senders: Sequence[Sender]) -> Reply:
    return page_of_v1(
        call,
        key,
        senders,
        lambda one: {
            "account_sid": one.account_sid,
            "capabilities": [name.upper() for name in ("sms", "mms") if name in one.config.capabilities],
            "service_sid": one.service_sid,
            "sid": new_sid("SC" if one.is_short_code else "AI"),
            kind: one.address,
        },
    )


def _verifications(call: Call) -> Reply:
    wanted = call.request.query.get("TollfreePhoneNumberSid")
    numbers = [
        one
        for one in call.world.senders.numbers_of(call.account.sid)
        if one.config.toll_free_status and wanted in (None, one.sid)
    ]
    return page_of_v1(call, "verifications", numbers, _verification_json)


def _verification_json(number: Sender) -> dict[str, Any]:
    return {
        "account_sid": number.account_sid,
        "sid": "HH" + number.sid[2:],
        "status": number.config.toll_free_status,
        "tollfree_phone_number": number.address,
        "tollfree_phone_number_sid": number.sid,
    }


def _permissions(call: Call) -> Reply:
    wanted = call.request.query.get("CountryCode")
    return Reply(
        200,
        {
            "permissions": [
                {
                    "country_code": code,
                    "enabled": code not in call.account.closed_countries,
                    "error_code": 0,
                    "error_messages": [],
                    "type": "country",
                }
                for code in _COUNTRIES
                if wanted in (None, code)
            ]
        },
    )
