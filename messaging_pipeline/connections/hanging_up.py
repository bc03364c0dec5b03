"""Hangs up at a deadline: a time-out of reading begins anew with each byte, and a server that drips could hold us."""

import socket
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class HangingUp:
    """Ends a connection at ``deadline``, in monotonic seconds; whoever reads finds its end then, or an OSError.

    What ends so looks like a whole body where no length was announced: ask ``is_over`` before it is believed.
    """

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline
        self._over = threading.Event()
        self._in_use = threading.Lock()  # a copy that is closed gives its number to the next one who connects
        self._watched: list[tuple[socket.socket, threading.Timer]] = []

    @classmethod
    def after(cls, seconds: float | None) -> Self:
        """Hang up so many seconds from now; None is never."""
        return cls(time.monotonic() + (threading.TIMEOUT_MAX if seconds is None else seconds))

    @property
    def is_over(self) -> bool:
        """Whether it has hung up."""
        return self._over.is_set()

    def watch(self, opened: socket.socket) -> None:
        """Hang up on this connection when it is time; TLS may take the socket over, so a copy of it is kept."""
        copy = socket.fromfd(opened.fileno(), opened.family, opened.type)
        seconds = min(max(0.0, self._deadline - time.monotonic()), threading.TIMEOUT_MAX)
        timer = threading.Timer(seconds, self._hang_up, [copy])
        timer.daemon = True
        self._watched.append((copy, timer))
        timer.start()

    def _hang_up(self, connection: socket.socket) -> None:
        self._over.set()
        with self._in_use, suppress(OSError):  # the other side has gone already, or we have
            connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for copy, timer in self._watched:
            timer.cancel()
            with self._in_use:
                copy.close()


class _Watched(HTTPConnection):
    def __init__(self, *place: Any, hanging_up: HangingUp, **options: Any) -> None:
        super().__init__(*place, **options)
        self._hanging_up = hanging_up

    def _new_conn(self) -> socket.socket:
        opened = super()._new_conn()
        self._hanging_up.watch(opened)
        return opened


class _WatchedTls(_Watched, HTTPSConnection):
    pass


class WatchedHTTPPool(HTTPConnectionPool):
    """A pool over plain HTTP; made with ``hanging_up``, which watches its connections."""

    ConnectionCls = _Watched


class WatchedHTTPSPool(HTTPSConnectionPool):
    """The same over TLS, the handshake included."""

    ConnectionCls = _WatchedTls
