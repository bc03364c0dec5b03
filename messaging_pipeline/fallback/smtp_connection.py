"""One connection to a mail server: bounded in time, encrypted as the URL asks, and asking DNS nothing about us."""

import smtplib
import socket
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from messaging_pipeline.fallback.smtp_url import SmtpServer

_GOODBYE_SECONDS = 2.0
_IP_VERSION_6 = 6


@dataclass(frozen=True, slots=True)
class Patience:
    """How long we wait.

    ``connect`` for a connection, ``read`` for one answer, ``handover`` for everything until the dot that ends a
    letter, ``verdict`` for the answer to that dot. The last is long, for servers look through a letter before
    they answer, and a letter given up there stays in doubt (RFC 5321, 4.5.3.2.6, even asks for ten minutes).
    """

    connect_seconds: float = 5.0
    read_seconds: float = 15.0
    handover_seconds: float = 45.0
    verdict_seconds: float = 45.0

    @property
    def in_all_seconds(self) -> float:
        """How long one letter keeps a worker at most, from a server whose answers do not trickle."""
        return self.handover_seconds + self.verdict_seconds + _GOODBYE_SECONDS


class SmtpConnection(smtplib.SMTP):
    """The standard library's client, connected and greeted once it is made.

    Whatever goes wrong is an OSError, of which smtplib's own errors are a kind.
    """

    def __init__(self, server: SmtpServer, patience: Patience, tls: ssl.SSLContext) -> None:
        self._patience = patience
        self._tls_at_once = tls if server.encryption == "tls" else None
        self._allow(patience.handover_seconds, patience.read_seconds)
        try:
            super().__init__(server.host, server.port, local_hostname="localhost")
        except BaseException:
            self.hang_up()
            raise
        if self.sock is not None:
            self.local_hostname = _address_literal(self.sock)

    def send(self, s: Any) -> None:
        """Send, unless the time is up."""
        self._check_the_time()
        super().send(s)

    def getreply(self) -> tuple[int, bytes]:
        """Read a reply, unless the time is up."""
        self._check_the_time()
        return super().getreply()

    def read_verdict(self) -> int:
        """Read the code that answers the dot at the end of a letter, with the patience that it deserves."""
        self._allow(self._patience.verdict_seconds, self._patience.verdict_seconds)
        return self.getreply()[0]

    def leave(self) -> None:
        """Say goodbye if there is still someone to say it to, and close; raises nothing."""
        self._allow(_GOODBYE_SECONDS, _GOODBYE_SECONDS)
        with suppress(OSError):
            self.docmd("QUIT")
        self.hang_up()

    def hang_up(self) -> None:
        """Close without another word; raises nothing."""
        with suppress(OSError):
            self.close()

    def _allow(self, seconds: float, seconds_for_each_wait: float) -> None:
        self._time_is_up_at = time.monotonic() + seconds
        self._longest_wait = seconds_for_each_wait

    def _check_the_time(self) -> None:
        """Let the next wait be no longer than the time that is left; raises TimeoutError when none is."""
        seconds_left = self._time_is_up_at - time.monotonic()
        if seconds_left <= 0:
            raise TimeoutError
        if self.sock is not None:
            self.sock.settimeout(min(self._longest_wait, seconds_left))

    def _get_socket(self, host: str, port: int, _timeout: object) -> socket.socket:
        """Connect, as smtplib asks its kinds of client to (``SMTP_SSL`` is another)."""
        connected = socket.create_connection((host, port), self._patience.connect_seconds)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # the last dot travels alone, and at once
        if self._tls_at_once is not None:
            connected = self._tls_at_once.wrap_socket(connected, server_hostname=host)
        return connected


def _address_literal(connected: socket.socket) -> str:
    """Name ourselves by our address (RFC 5321, 4.1.3); to look up our name could take longer than any timeout."""
    address = ip_address(connected.getsockname()[0].partition("%")[0])
    return f"[IPv6:{address}]" if address.version == _IP_VERSION_6 else f"[{address}]"
