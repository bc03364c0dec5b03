"""The addresses of our webhooks, as Twilio is to be told of them."""

from typing import Literal
from urllib.parse import quote

from messaging_pipeline.configuration import DEFAULT_TENANT
from messaging_pipeline.settings import Settings

Door = Literal["status", "inbound", "fallback", "voice"]


def told_address(settings: Settings, door: Door, tenant: str) -> str | None:
    """Return where a tenant's webhook is reached from outside, without a fragment; None when nothing tells it.

    Webhooks are beside one another, as the webhook tier takes them: under ``/twilio/``, or ``/twilio/t/<tenant>/``.
    Behind a proxy that renames the routes only the address that was configured itself is known.
    """
    configured = _configured(settings, door)
    if configured is not None and tenant == DEFAULT_TENANT:
        return configured
    origin = _origin(settings, door)
    if origin is None:
        return None
    part = "" if tenant == DEFAULT_TENANT else f"t/{quote(tenant, safe='')}/"
    return f"{origin}/twilio/{part}{door}"


def _configured(settings: Settings, door: Door) -> str | None:
    configured = {
        "status": settings.callback_url,
        "inbound": settings.inbound_webhook_public_url,
        "voice": settings.voice_webhook_public_url,
    }.get(door)
    return configured and configured.partition("#")[0]


def _origin(settings: Settings, door: Door) -> str | None:
    """What stands before our own paths: told by the door's own address, or by one beside it."""
    inbound, status = settings.inbound_webhook_public_url, settings.callback_url
    known = {"/twilio/inbound": inbound, "/twilio/status": status, "/twilio/voice": settings.voice_webhook_public_url}
    first = [f"/twilio/{door}"] if f"/twilio/{door}" in known else []
    for path in [*first, "/twilio/inbound", "/twilio/status"]:
        address = (known[path] or "").partition("#")[0].partition("?")[0].rstrip("/")
        if address.endswith(path):
            return address.removesuffix(path)
    return None
