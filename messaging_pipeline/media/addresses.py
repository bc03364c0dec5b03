"""Where a media URL leads: only to hosts that everybody can reach, lest we be made to look behind our own walls."""

from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from messaging_pipeline.connections.public_addresses import (
    PrivateAddress,
    UnknownHost,
    addresses_of,
    public_addresses_of,
)
from messaging_pipeline.media.findings import Limits, NotNow, Unfit

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Place:
    """A server at an address that was looked up once, and what is asked of it."""

    tls: bool
    host: str
    address: str
    port: int
    target: str


def place_of(url: str, limits: Limits) -> Place:
    """Look up where a URL leads; raises Unfit for a place that is not public, NotNow when the name is not known.

    The connection goes to the address that was judged: a name that is looked up a second time may lead elsewhere.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        raise Unfit("leads to something that is no URL") from None
    if not host or port is None or parts.scheme not in ({"http", "https"} if limits.allow_http else {"https"}):
        raise Unfit("leads to something that is not https")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Place(parts.scheme == "https", host, _address(host, port, limits), port, target)


def redirected(url: str, location: str) -> str:
    """Return where a server says that something is instead; raises Unfit for what is no URL."""
    try:
        return urljoin(url, location)
    except ValueError:
        raise Unfit("leads to something that is no URL") from None


def _address(host: str, port: int, limits: Limits) -> str:
    look_up = addresses_of if host in limits.private_hosts else public_addresses_of
    try:
        return look_up(host, port)[0]
    except UnknownHost:
        raise NotNow("its host is not known") from None
    except PrivateAddress:
        raise Unfit("leads to a private address") from None
