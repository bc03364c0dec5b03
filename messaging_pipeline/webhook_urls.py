"""Addresses that Twilio is told of: over the internet they need TLS."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

from messaging_pipeline.connections.public_addresses import is_public

#: Names that the public DNS does not hold (RFC 6761, RFC 6762, and ICANN's reservation of .internal).
_INSIDE = (".localhost", ".local", ".internal", ".test")


def _web_url(text: str) -> str:
    if not text.startswith(("https://", "http://")) or any(character.isspace() for character in text):
        raise ValueError("must be a URL that starts with https:// or http://")
    return text


def _webhook_url(text: str) -> str:
    if _web_url(text).startswith("http://") and not _is_inside(text):
        raise ValueError("must start with https://, or what people write crosses the internet for everybody to read")
    return text


def _is_inside(url: str) -> bool:
    """Tell whether a URL names a host of our own network, such as a container's name or a loopback address."""
    try:
        host = urlsplit(url).hostname or "nowhere."
    except ValueError:
        return False
    try:
        return not is_public(host)
    except ValueError:  # a name
        return "." not in host or host.endswith(_INSIDE)


DOCTOR = "messaging-pipeline-doctor"
"""What the doctor calls itself (User-Agent) when it calls our webhooks; anybody may call themselves so."""

WebUrl = Annotated[str, AfterValidator(_web_url)]
WebhookUrl = Annotated[str, AfterValidator(_webhook_url)]
"""A URL that Twilio is told to call; without TLS only inside our own network, where whoever stands in for it may be."""
