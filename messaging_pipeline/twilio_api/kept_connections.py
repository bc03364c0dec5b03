"""Connections kept between requests, which tell a request that never left from one whose answer was lost."""

import select
import socket
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from messaging_pipeline.connections.reaching import AnswerLost, NeverReached
from messaging_pipeline.twilio_api.http_answer import HttpAnswer, read_answer

_IDLE_SECONDS = 30.0
"""A connection that has rested longer is not used again.

A server may close a resting connection at any moment. A request written to it just then looks like one whose
answer was lost, and its message would stay unconfirmed for nothing.
"""

_LONGEST_ANSWER_SECONDS = 60.0
"""A whole answer takes no longer, however many reads it comes in: each of them may take the read timeout anew."""


class Origin(NamedTuple):
    """Whom to connect to."""

    host: str
    port: int
    is_secure: bool


class Connection:
    """One connection; it carries one request at a time."""

    def __init__(
        self,
        opened: socket.socket,
        *,
        idle_seconds: float = _IDLE_SECONDS,
        longest_answer_seconds: float = _LONGEST_ANSWER_SECONDS,
    ) -> None:
        self._socket = opened
        self._longest_answer_seconds = longest_answer_seconds
        self._idle_seconds = idle_seconds
        self._poll = select.poll()
        self._poll.register(opened, select.POLLIN)
        self._answered_at = time.monotonic()

    def exchange(self, request: bytes, read_timeout_seconds: float) -> HttpAnswer:
        """Send a request and read its answer; raises AnswerLost, whatever happens."""
        try:
            self._socket.settimeout(read_timeout_seconds)
            self._socket.sendall(request)
            answer = read_answer(self._receive_until(time.monotonic() + self._longest_answer_seconds))
        except TimeoutError as error:
            raise AnswerLost("no answer came in time") from error
        except (OSError, ValueError) as error:
            raise AnswerLost("the connection broke before a whole answer came") from error
        self._answered_at = time.monotonic()
        return answer

    def _receive_until(self, deadline: float) -> Callable[[int], bytes]:
        def receive(most_bytes: int) -> bytes:
            if time.monotonic() >= deadline:
                raise TimeoutError
            return self._socket.recv(most_bytes)

        return receive

    @property
    def is_usable(self) -> bool:
        """Whether it may carry another request: it has not rested long, and the server has said nothing since."""
        rested_seconds = time.monotonic() - self._answered_at
        return rested_seconds < self._idle_seconds and not self._poll.poll(0) and not self._holds_more()

    def _holds_more(self) -> bool:
        return isinstance(self._socket, ssl.SSLSocket) and self._socket.pending() > 0

    def close(self) -> None:
        """Hang up."""
        with suppress(OSError):
            self._socket.close()


def connect(origin: Origin, timeout_seconds: float, tls: ssl.SSLContext) -> Connection:
    """Open a connection, the TLS handshake included; raises NeverReached, whatever happens."""
    try:
        opened = socket.create_connection((origin.host, origin.port), timeout_seconds)
    except (OSError, OverflowError, ValueError) as error:
        raise NeverReached(_reason(error)) from error
    try:
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return Connection(tls.wrap_socket(opened, server_hostname=origin.host) if origin.is_secure else opened)
    except (OSError, ValueError) as error:
        opened.close()
        too_slow = isinstance(error, TimeoutError)
        raise NeverReached("connecting took too long" if too_slow else "the TLS handshake failed") from error


class KeptConnections:
    """Lends connections to many threads. One that finds none free opens one of its own rather than wait."""

    def __init__(self, *, most_kept: int, connect_timeout_seconds: float, tls: ssl.SSLContext) -> None:
        self._most_kept = most_kept
        self._connect_timeout_seconds = connect_timeout_seconds
        self._tls = tls
        self._kept: dict[Origin, list[Connection]] = {}

    def exchange(self, origin: Origin, request: bytes, read_timeout_seconds: float) -> HttpAnswer:
        """Send a request once and return its answer; raises NeverReached or AnswerLost."""
        kept = self._kept.setdefault(origin, [])
        connection = self._take(kept) or connect(origin, self._connect_timeout_seconds, self._tls)
        may_go_on = False
        try:
            answer = connection.exchange(request, read_timeout_seconds)
            may_go_on = answer.may_go_on
        finally:
            if may_go_on and len(kept) < self._most_kept:
                kept.append(connection)
            else:
                connection.close()
        return answer

    def close(self) -> None:
        """Hang up everywhere but where an answer is awaited."""
        for kept in self._kept.values():
            while kept:
                with suppress(IndexError):  # somebody has just borrowed the last one
                    kept.pop().close()

    def _take(self, kept: list[Connection]) -> Connection | None:
        """Take the connection that was used last, if it is still good; the lists' own lock suffices."""
        while kept:
            try:
                connection = kept.pop()
            except IndexError:
                return None
            if connection.is_usable:
                return connection
            connection.close()
        return None


def _reason(error: Exception) -> str:
    if isinstance(error, socket.gaierror | UnicodeError):
        return "the host name could not be resolved"
    if isinstance(error, TimeoutError):
        return "connecting took too long"
    return "no connection could be made"
