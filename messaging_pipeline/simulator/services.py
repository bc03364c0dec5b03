"""Messaging Services: a pool of senders behind one sid, and what a form may change about them."""

from dataclasses import dataclass, replace
from typing import Any
from zlib import crc32

from messaging_pipeline.simulator.configuration import SenderConfig, ServiceConfig
from messaging_pipeline.simulator.parameters import Form
from messaging_pipeline.simulator.rest_errors import ApiError
from messaging_pipeline.simulator.senders import Sender
from messaging_pipeline.simulator.web_urls import is_web_url

_MAX_NAME_CHARACTERS = 64
_MAX_VALIDITY_SECONDS = 36_000
_SWITCHES = {"true": True, "false": False}
_METHODS = frozenset({"GET", "POST"})
_USE_CASES = frozenset({"notifications", "marketing", "verification", "discussion", "poll", "undeclared"})

_OF_A_SERVICE = {
    "FriendlyName": "friendly_name",
    "InboundRequestUrl": "inbound_url",
    "InboundMethod": "inbound_method",
    "FallbackUrl": "fallback_url",
    "FallbackMethod": "fallback_method",
    "StatusCallback": "status_callback",
    "StickySender": "sticky_sender",
    "AreaCodeGeomatch": "area_code_geomatch",
    "SmartEncoding": "smart_encoding",
    "MmsConverter": "mms_converter",
    "ValidityPeriod": "validity_seconds",
    "UseInboundWebhookOnNumber": "use_inbound_webhook_on_number",
    "Usecase": "usecase",
}
_OF_A_NUMBER = {
    "FriendlyName": "friendly_name",
    "SmsUrl": "inbound_url",
    "SmsMethod": "inbound_method",
    "SmsFallbackUrl": "fallback_url",
    "SmsFallbackMethod": "fallback_method",
    "StatusCallback": "status_callback",
}


@dataclass(slots=True)
class Service:
    """A Messaging Service; ``created_at``, in Unix seconds, is that of the simulation when a file declares it."""

    config: ServiceConfig
    account_sid: str
    pool: list[Sender]
    created_at: float

    def sender_for(self, to: str, *, mms: bool) -> Sender | None:
        """Choose the sender for a recipient: always the same one, or None when no sender is able."""
        able = [sender for sender in self.pool if not mms or "mms" in sender.config.capabilities]
        return able[crc32(to.encode()) % len(able)] if able else None


def changed_service(config: ServiceConfig, form: Form) -> ServiceConfig:
    """Return a service's settings with what a form names in place; raises ApiError 20001 naming a wrong parameter."""
    return replace(config, **_changes(form, _OF_A_SERVICE))


def changed_number(config: SenderConfig, form: Form) -> SenderConfig:
    """Return a number's settings with what a form names in place; raises ApiError 20001 naming a wrong parameter."""
    return replace(config, **_changes(form, _OF_A_NUMBER))


def _changes(form: Form, known: dict[str, str]) -> dict[str, Any]:
    return {known[name]: _read(name, texts[0]) for name, texts in form.items() if name in known}


def _read(name: str, text: str) -> Any:
    """Read one parameter; a blank URL takes the setting away."""
    if name.endswith("Url") or name == "StatusCallback":
        return _expect(not text or is_web_url(text), name, text or None)
    if name.endswith("Method"):
        return _expect(text in _METHODS, name, text)
    if name == "ValidityPeriod":
        return _expect(text.isdecimal() and 1 <= int(text) <= _MAX_VALIDITY_SECONDS, name, text) and int(text)
    if name == "FriendlyName":
        return _expect(1 <= len(text) <= _MAX_NAME_CHARACTERS, name, text)
    if name == "Usecase":
        return _expect(text in _USE_CASES, name, text)
    return _expect(text in _SWITCHES, name, _SWITCHES.get(text))


def _expect(is_right: bool, name: str, value: Any) -> Any:
    if not is_right:
        raise ApiError(20001, name)
    return value
