"""Connections that tell a request which never left from one whose answer was lost."""

import ssl
import time
from collections.abc import Mapping

from urllib3 import PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationValueError,
    NameResolutionError,
    NewConnectionError,
)
from urllib3.response import HTTPResponse

from messaging_pipeline.connections.hanging_up import HangingUp
from messaging_pipeline.connections.reaching import NeverReached
from messaging_pipeline.trust import public_trust


class _CarefulConnection(HTTPConnection):
    """A connection that marks every failure to connect, the TLS handshake included, as ``NeverReached``.

    The moment of the failure decides, not its class: a handshake that times out and an answer that does
    not come are the same exception in urllib3.
    """

    longest_idle_seconds = 30.0
    """A connection that has rested longer is not used again.

    A server may close a resting connection at any moment. A request written to it just then looks like
    one whose answer was lost, and its message would stay unconfirmed for nothing.
    """

    _answered_at = 0.0

    def connect(self) -> None:
        """Connect, or raise ``NeverReached``."""
        try:
            super().connect()
        except (HTTPError, OSError, ValueError) as error:
            raise NeverReached(_reason(error)) from error
        self._answered_at = time.monotonic()

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3 itself overrides it
        """Read the answer's head, in the time that one read may take, and note when; raises TimeoutError."""
        seconds = self.timeout if isinstance(self.timeout, int | float) else None
        with HangingUp.after(seconds) as hanging_up:
            hanging_up.watch(self.sock)
            response = super().getresponse()
        if hanging_up.is_over:
            response.close()
            raise TimeoutError("the head of the answer did not come in time")
        self._answered_at = time.monotonic()
        return response

    @property
    def is_connected(self) -> bool:
        """Tell whether the connection may carry another request; asked by the pool before each use."""
        rested_seconds = time.monotonic() - self._answered_at
        return rested_seconds < self.longest_idle_seconds and super().is_connected


class CarefulHTTPConnection(_CarefulConnection):
    """A careful connection over plain HTTP, as used towards a simulator."""


class CarefulHTTPSConnection(_CarefulConnection, HTTPSConnection):
    """A careful connection over TLS."""


class CarefulHTTPPool(HTTPConnectionPool):
    """A pool of careful connections over plain HTTP."""

    ConnectionCls = CarefulHTTPConnection


class CarefulHTTPSPool(HTTPSConnectionPool):
    """A pool of careful connections over TLS."""

    ConnectionCls = CarefulHTTPSConnection


CAREFUL = {"http": CarefulHTTPPool, "https": CarefulHTTPSPool}

_KEPT_CONNECTIONS = 8


def pools_of(classes: Mapping[str, type[HTTPConnectionPool]], tls: ssl.SSLContext | None = None) -> PoolManager:
    """Return pools for many threads, by scheme; ``tls`` replaces the public trust store. Nothing is connected yet."""
    pools = PoolManager(maxsize=_KEPT_CONNECTIONS, block=False, ssl_context=tls or public_trust())
    pools.pool_classes_by_scheme = dict(classes)
    return pools


def _reason(error: Exception) -> str:
    if isinstance(error, NameResolutionError | LocationValueError):
        return "the host name could not be resolved"
    if isinstance(error, NewConnectionError):
        return "no connection could be made"
    if isinstance(error, ConnectTimeoutError | TimeoutError):
        return "connecting took too long"
    return "the TLS handshake failed"
