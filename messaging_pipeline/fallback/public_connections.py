"""Connections to the public internet only: the address that was looked at is the address that is connected to."""

import socket
from contextlib import suppress
from ipaddress import IPv6Address, ip_address

from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from messaging_pipeline.errors import PipelineError
from messaging_pipeline.twilio_api.connections import CarefulHTTPConnection, CarefulHTTPSConnection, NeverReached


class PrivateAddress(PipelineError):
    """Raised when a host has an address inside somebody's network; nothing was sent."""


def is_public(address: str) -> bool:
    """Tell whether an address is one of the public internet, also behind an IPv6 address that wraps an IPv4 one."""
    parsed = ip_address(address.partition("%")[0])
    if isinstance(parsed, IPv6Address):
        parsed = parsed.ipv4_mapped or parsed.sixtofour or parsed
    return parsed.is_global and not parsed.is_multicast


class _PublicConnection(CarefulHTTPConnection):
    """Looks the host up once, refuses what is not public, and connects to what it saw.

    A second look-up by the library could be answered otherwise, by a host that wants to be reached inside.
    """

    def _new_conn(self) -> socket.socket:
        try:
            found = socket.getaddrinfo(self.host.strip("[]"), self.port, type=socket.SOCK_STREAM)
        except OSError:
            raise NeverReached("the host name could not be resolved") from None
        addresses = [str(one[4][0]) for one in found]
        if not all(map(is_public, addresses)):
            raise PrivateAddress
        return self._first_that_answers(addresses)

    def _first_that_answers(self, addresses: list[str]) -> socket.socket:
        timeout = self.timeout if isinstance(self.timeout, int | float) else None
        for address in dict.fromkeys(addresses):
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
