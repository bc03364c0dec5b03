"""Missed calls: what a voice callback means for messaging, when a service answers missed calls with a text."""

from collections.abc import Mapping
from typing import Any

from messaging_pipeline.configuration import Configuration, Service
from messaging_pipeline.errors import InvalidInput
from messaging_pipeline.ids import E164
from messaging_pipeline.messages.phone_numbers import parse_e164
from messaging_pipeline.policies.compliance import INTENT_TAG, REPLY_INTENT

#: How a call ends that nobody took (https://www.twilio.com/docs/voice/twiml#callstatus-values).
_MISSED = frozenset({"no-answer", "busy", "failed", "canceled"})
_FROM_OUTSIDE = "inbound"

#: What Twilio gives as the number of a caller who hides theirs, or has none: ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN
#: and UNAVAILABLE on a telephone's keys. The last looks like a number in China.
_NOBODYS = frozenset({"+266696687", "+7378742883", "+2562533", "+8656696", "+86282452253"})


def text_for_missed_call(
    configuration: Configuration, tenant: str, call_sid: str, call: Mapping[str, str]
) -> dict[str, Any] | None:
    """Return the arguments of the ``messaging.send`` that answers a call; None when it needs no answer.

    The call's SID is the idempotency key: Twilio may tell of one call several times, and more than one way.
    """
    ended = call.get("DialCallStatus") or call.get("CallStatus")
    if ended not in _MISSED or call.get("Direction", _FROM_OUTSIDE) != _FROM_OUTSIDE:
        return None
    caller, found = _caller(call.get("From")), _service_for(configuration, tenant, _number(call.get("To")))
    if caller is None or found is None:
        return None
    key, service = found
    return {
        "to": caller,
        "body": service.missed_call_text,
        "service": key,
        "tenant": tenant,
        "idempotency_key": call_sid,
        "tags": {INTENT_TAG: REPLY_INTENT},
    }


def _service_for(configuration: Configuration, tenant: str, called: E164 | None) -> tuple[str, Service] | None:
    """The service whose number was called, or else the tenant's only one without a number that answers calls."""
    answering = {
        one.from_number: (key, one)
        for key, one in configuration.services.items()
        if one.tenant == tenant and one.missed_call_text
    }
    return answering.get(called) or answering.get(None)


def _caller(text: str | None) -> E164 | None:
    """A caller may hide their number."""
    number = _number(text)
    return None if number in _NOBODYS else number


def _number(text: str | None) -> E164 | None:
    """What called, or was called, may be no phone at all."""
    try:
        return parse_e164(text, "From")
    except InvalidInput:
        return None
