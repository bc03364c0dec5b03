"""The addresses as Twilio sees them: what it signs is the public URL, whatever a proxy made of it on the way."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.settings import Settings

_STATUS_PATH = "/twilio/status"
_INBOUND_PATH = "/twilio/inbound"
_VOICE_PATH = "/twilio/voice"
#: RFC 3986: what may stand in a path as it is.
_PATH_CHARACTERS = "/:@!$&'()*+,;=-._~"


@dataclass(frozen=True, slots=True)
class PublicAddress:
    """Where one of our routes is reached from outside: a public URL and the path it stands for."""

    url: str
    path: str

    def of(self, target: str) -> str:
        """Return the public URL of a raw request target.

        Usually the public URL ends in our own path, and all routes share what stands before it. Behind a proxy
        that renames the route, only what follows the path is carried over.
        """
        address = self.url.partition("#")[0].partition("?")[0].rstrip("/")
        if address.endswith(self.path):
            return address.removesuffix(self.path) + target
        return address + target.removeprefix(self.path)


def public_addresses(settings: Settings) -> Mapping[str, PublicAddress]:
    """Return the address for status callbacks, for inbound messages and for calls.

    The first two stand in for each other; calls are taken beside inbound messages unless they have an address.
    Raises InvalidSettings when neither is configured: then no signature could be verified.
    """
    status, inbound = settings.status_callback_public_url, settings.inbound_webhook_public_url
    if status is None and inbound is None:
        raise InvalidSettings(
            "TWILIO_STATUS_CALLBACK_PUBLIC_URL",
            "is not set, so Twilio's signatures cannot be verified",
            "set it to the URL that Twilio calls, such as https://sms.example.com/twilio/status",
        )
    of_status = PublicAddress(status, _STATUS_PATH) if status else PublicAddress(str(inbound), _INBOUND_PATH)
    of_inbound = PublicAddress(inbound, _INBOUND_PATH) if inbound else of_status
    voice = settings.voice_webhook_public_url
    return {
        "status": of_status,
        "inbound": of_inbound,
        "voice": PublicAddress(voice, _VOICE_PATH) if voice else of_inbound,
    }


def raw_target(environ: Mapping[str, Any]) -> str:
    """Return path and query as they were requested.

    gunicorn and Werkzeug keep the raw target (RAW_URI, REQUEST_URI). Granian does not: there it is rebuilt from
    the decoded path, which is the same thing for our own URLs, whose paths need no escapes.
    """
    raw = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    if raw:
        return str(raw) if str(raw).startswith("/") else "/" + str(raw).split("://", 1)[-1].partition("/")[2]
    path = str(environ.get("PATH_INFO", "")).encode("latin-1", "replace")
    query = environ.get("QUERY_STRING", "")
    return quote(path, safe=_PATH_CHARACTERS) + (f"?{query}" if query else "")
