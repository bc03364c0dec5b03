"""Connections to the public internet only: the address that was judged is the address that is connected to.

A second look-up by a library could be answered otherwise, by a host that wants to be reached inside.
"""

import socket
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from messaging_pipeline.connections.careful import CarefulHTTPConnection, CarefulHTTPSConnection
from messaging_pipeline.connections.reaching import NeverReached
from messaging_pipeline.errors import PipelineError

#: Where a network translates to IPv4 (https://www.rfc-editor.org/rfc/rfc6052#section-2.1).
_NAT64 = IPv6Network("64:ff9b::/96")
_LOWEST_32_BITS = 0xFFFF_FFFF


class PrivateAddress(PipelineError):
    """Raised when a host has an address inside somebody's network; nothing was sent."""


class UnknownHost(PipelineError):
    """Raised when nobody knows a host's address just now."""


def is_public(address: str) -> bool:
    """Tell whether an address is one of the public internet, also behind an IPv6 address that wraps an IPv4 one."""
    parsed = ip_address(address.partition("%")[0])
    if isinstance(parsed, IPv6Address):
        if parsed.is_site_local:
            return False
        parsed = _wrapped(parsed) or parsed
    return parsed.is_global and not parsed.is_multicast and not parsed.is_reserved


def addresses_of(host: str, port: int) -> list[str]:
    """Look a host up once, the best address first; raises UnknownHost."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise UnknownHost from None
    return list(dict.fromkeys(str(one[4][0]) for one in found))


def public_addresses_of(host: str, port: int) -> list[str]:
    """Look a host up once; raises PrivateAddress when only one of its addresses is not public, and UnknownHost."""
    found = addresses_of(host, port)
    if not all(map(is_public, found)):
        raise PrivateAddress
    return found


def _wrapped(address: IPv6Address) -> IPv4Address | None:
    if address in _NAT64:
        return IPv4Address(int(address) & _LOWEST_32_BITS)
    return address.ipv4_mapped or address.sixtofour


class _PublicConnection(CarefulHTTPConnection):
    """Looks the host up once, refuses what is not public, and connects to what it saw."""

    def _new_conn(self) -> socket.socket:
        try:
            found = public_addresses_of(self.host, self.port)
        except UnknownHost:
            raise NeverReached("the host name could not be resolved") from None
        return self._first_that_answers(found)

    def _first_that_answers(self, addresses: Sequence[str]) -> socket.socket:
        timeout = self.timeout if isinstance(self.timeout, int | float) else None
        for address in addresses:
            with suppress(OSError):
                return socket.create_connection((address, self.port), timeout)
        raise NeverReached("no connection could be made")


class _PublicTlsConnection(_PublicConnection, CarefulHTTPSConnection):
    """The same over TLS; the certificate must be the host's."""


class PublicHTTPPool(HTTPConnectionPool):
    """A pool of connections over plain HTTP."""

    ConnectionCls = _PublicConnection


class PublicHTTPSPool(HTTPSConnectionPool):
    """A pool of connections over TLS."""

    ConnectionCls = _PublicTlsConnection


PUBLIC = {"http": PublicHTTPPool, "https": PublicHTTPSPool}
