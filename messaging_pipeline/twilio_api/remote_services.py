"""Accounts, Messaging Services and phone numbers as Twilio holds them, read from its answers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from messaging_pipeline.twilio_api.remote_messages import UnreadableAnswer
from messaging_pipeline.twilio_api.sids import ACCOUNT_SID, NUMBER_SID, SERVICE_SID


@dataclass(frozen=True, slots=True)
class RemoteAccount:
    """An account; ``status`` is ``active``, ``suspended`` or ``closed``, ``type`` ``Trial`` or ``Full``.

    All but the SID is empty when an API key was asked with that opens the account and may not see it: only a main key
    may (https://www.twilio.com/docs/iam/api-keys/keys-in-console).
    """

    sid: str
    friendly_name: str
    status: str
    type: str

    @property
    def is_untold(self) -> bool:
        """Whether nothing is known but that its messages can be reached."""
        return not self.status


@dataclass(frozen=True, slots=True)
class RemoteService:
    """A Messaging Service (https://www.twilio.com/docs/messaging/api/service-resource).

    Without an ``inbound_request_url`` it receives nothing, unless ``use_inbound_webhook_on_number`` leaves that to its
    numbers. ``validity_period`` is in seconds.
    """

    sid: str
    friendly_name: str
    status_callback: str | None
    inbound_request_url: str | None
    inbound_method: str | None
    fallback_url: str | None
    fallback_method: str | None
    use_inbound_webhook_on_number: bool
    sticky_sender: bool
    area_code_geomatch: bool
    smart_encoding: bool
    mms_converter: bool
    validity_period: int | None
    usecase: str | None
    us_app_to_person_registered: bool


@dataclass(frozen=True, slots=True)
class PoolNumber:
    """A phone number in a service's pool; ``capabilities`` are of ``sms``, ``mms`` and ``voice``."""

    sid: str
    phone_number: str = field(repr=False)
    country_code: str | None
    capabilities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RemoteNumber:
    """A phone number of the account; its URLs count only where its service does not have, or leaves to it, its own."""

    sid: str
    phone_number: str = field(repr=False)
    friendly_name: str = field(repr=False)
    capabilities: tuple[str, ...]
    sms_url: str | None
    sms_method: str | None
    sms_fallback_url: str | None
    sms_fallback_method: str | None
    status_callback: str | None
    sms_application_sid: str | None


def remote_account(record: Any) -> RemoteAccount:
    """Read the package's account record; raises UnreadableAnswer when it has no SID."""
    sid = _sid(record, ACCOUNT_SID)
    return RemoteAccount(sid, _text(record.friendly_name) or "", _text(record.status) or "", _text(record.type) or "")


def remote_service(record: Any) -> RemoteService:
    """Read the package's service record; raises UnreadableAnswer when it has no SID."""
    return RemoteService(
        sid=_sid(record, SERVICE_SID),
        friendly_name=_text(record.friendly_name) or "",
        status_callback=_text(record.status_callback),
        inbound_request_url=_text(record.inbound_request_url),
        inbound_method=_text(record.inbound_method),
        fallback_url=_text(record.fallback_url),
        fallback_method=_text(record.fallback_method),
        use_inbound_webhook_on_number=record.use_inbound_webhook_on_number is True,
        sticky_sender=record.sticky_sender is True,
        area_code_geomatch=record.area_code_geomatch is True,
        smart_encoding=record.smart_encoding is True,
        mms_converter=record.mms_converter is True,
        validity_period=record.validity_period if isinstance(record.validity_period, int) else None,
        usecase=_text(record.usecase),
        us_app_to_person_registered=record.us_app_to_person_registered is True,
    )


def pool_number(record: Any) -> PoolNumber:
    """Read the package's record of a number in a pool; raises UnreadableAnswer when it has no SID."""
    capabilities = record.capabilities if isinstance(record.capabilities, list) else []
    return PoolNumber(
        sid=_sid(record, NUMBER_SID),
        phone_number=_text(record.phone_number) or "",
        country_code=_text(record.country_code),
        capabilities=tuple(sorted(str(one).lower() for one in capabilities)),
    )


def remote_number(record: Any) -> RemoteNumber:
    """Read the package's record of an account's number; raises UnreadableAnswer when it has no SID."""
    capabilities = record.capabilities if isinstance(record.capabilities, Mapping) else {}
    return RemoteNumber(
        sid=_sid(record, NUMBER_SID),
        phone_number=_text(record.phone_number) or "",
        friendly_name=_text(record.friendly_name) or "",
        capabilities=tuple(sorted(str(name).lower() for name, has in capabilities.items() if has is True)),
        sms_url=_text(record.sms_url),
        sms_method=_text(record.sms_method),
        sms_fallback_url=_text(record.sms_fallback_url),
        sms_fallback_method=_text(record.sms_fallback_method),
        status_callback=_text(record.status_callback),
        sms_application_sid=_text(record.sms_application_sid),
    )


def _sid(record: Any, shape: re.Pattern[str]) -> str:
    if not isinstance(record.sid, str) or not shape.fullmatch(record.sid):
        raise UnreadableAnswer("sid")
    return record.sid


def _text(value: object) -> str | None:
    """Twilio writes what is not set as null, or as an empty text."""
    return value if isinstance(value, str) and value else None
