"""Connections to the customer's webhook servers, kept open between requests.

Written out because the cores of a laptop are also what the pipeline under test runs on, and three callbacks for
each message through a general HTTP client cost it more than twice the CPU.
"""

import asyncio
import ssl
from functools import cache
from typing import NamedTuple, cast

from messaging_pipeline.simulator.webhook_answer import WebhookAnswer, parse_answer

# A connection is idle for at most twice this, which is what the least patient of the common servers allows.
_IDLE_SECONDS = 0.9
MAX_ANSWER_BYTES = 64 * 1024


class NoAnswerError(Exception):
    """Raised when no usable answer came; ``outcome`` says in one word what happened instead."""

    def __init__(self, outcome: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome


class Origin(NamedTuple):
    """Whom to connect to."""

    host: str
    port: int
    tls: bool


class Patience(NamedTuple):
    """How long to wait, in seconds: for a connection, for the next bytes, and for everything together."""

    connect_seconds: float
    read_seconds: float
    total_seconds: float


class _Connection(asyncio.Protocol):
    """One connection, carrying one request at a time."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[WebhookAnswer] | None = None
        self._received = b""
        self.idle_since = 0.0

    @property
    def is_open(self) -> bool:
        """Whether a request may be written to it."""
        return self._transport is not None and not self._transport.is_closing()

    async def exchange(self, request: bytes, patience: Patience) -> WebhookAnswer:
        """Send a request and wait for its answer; raises NoAnswerError."""
        assert self._transport is not None  # noqa: S101 - connected before it is handed out
        self._received = b""
        self._answer = self._loop.create_future()
        self._patience = patience
        self._end = self._loop.time() + patience.total_seconds
        self._transport.write(request)
        self._wait_for_bytes()
        try:
            return await self._answer
        finally:
            self._timer.cancel()
            self._answer = None

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Collect the answer."""
        if self._answer is None:  # nobody asked: this server cannot be trusted with another request
            self.close()
            return
        self._received += data
        self._timer.cancel()
        self._try_to_finish(ended=False)
        if not self._answer.done():
            self._wait_for_bytes()

    def connection_lost(self, _exc: Exception | None) -> None:
        """Take what there is as the answer, or give up."""
        self._transport = None
        if self._answer is not None:
            self._try_to_finish(ended=True)
            self._fail("cut_off" if self._received else "disconnected")

    def _wait_for_bytes(self) -> None:
        outcome = "cut_off" if self._received else "read_timeout"  # a partial answer is never asked for again
        when = min(self._loop.time() + self._patience.read_seconds, self._end)
        self._timer = self._loop.call_at(when, self._fail, outcome)

    def _try_to_finish(self, *, ended: bool) -> None:
        try:
            answer = parse_answer(self._received, ended=ended)
        except ValueError:
            self._fail("bad_answer")
            return
        if len(self._received) > MAX_ANSWER_BYTES:
            self._fail("bad_answer")
        elif answer and self._answer and not self._answer.done():
            self._answer.set_result(answer)

    def _fail(self, outcome: str) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_exception(NoAnswerError(outcome))


class WebhookConnections:
    """Opens connections as they are needed and uses them again while they are warm."""

    def __init__(self) -> None:
        self._idle: dict[Origin, list[_Connection]] = {}
        self._sweep: asyncio.TimerHandle | None = None

    async def exchange(self, origin: Origin, request: bytes, patience: Patience) -> WebhookAnswer:
        """Send a request to an origin and return its answer; raises NoAnswerError."""
        loop = asyncio.get_running_loop()
        end = loop.time() + patience.total_seconds
        connection = self._take_idle(origin) or await _connect(origin, patience)
        kept = False
        try:
            remaining = Patience(patience.connect_seconds, patience.read_seconds, end - loop.time())
            answer = await connection.exchange(request, remaining)
            kept = answer.keep_alive and connection.is_open
        finally:
            if kept:
                self._keep(origin, connection)
            else:
                connection.close()
        return answer

    def close(self) -> None:
        """Hang up on everybody."""
        if self._sweep is not None:
            self._sweep.cancel()
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()

    def _take_idle(self, origin: Origin) -> _Connection | None:
        """Return the connection that was used last, if it is still open."""
        idle = self._idle.get(origin, [])
        while idle:
            connection = idle.pop()
            if connection.is_open:
                return connection
        return None

    def _keep(self, origin: Origin, connection: _Connection) -> None:
        loop = asyncio.get_running_loop()
        connection.idle_since = loop.time()
        self._idle.setdefault(origin, []).append(connection)
        if self._sweep is None:
            self._sweep = loop.call_later(_IDLE_SECONDS, self._hang_up_on_the_idle)

    def _hang_up_on_the_idle(self) -> None:
        """Close what has not been used since the last sweep, so that no server waits for us when it stops."""
        loop = asyncio.get_running_loop()
        used_since = loop.time() - _IDLE_SECONDS
        for connections in self._idle.values():
            for connection in [one for one in connections if one.idle_since <= used_since]:
                connections.remove(connection)
                connection.close()
        self._sweep = None
        if any(self._idle.values()):
            self._sweep = loop.call_later(_IDLE_SECONDS, self._hang_up_on_the_idle)


async def _connect(origin: Origin, patience: Patience) -> _Connection:
    """Open a connection, TLS handshake included; raises NoAnswerError."""
    seconds = min(patience.connect_seconds, patience.total_seconds)
    tls = _tls_context() if origin.tls else None
    try:
        async with asyncio.timeout(seconds):
            _, connection = await asyncio.get_running_loop().create_connection(
                _Connection, origin.host, origin.port, ssl=tls
            )
    except TimeoutError:
        raise NoAnswerError("connect_timeout") from None
    except OSError:
        raise NoAnswerError("connect_failed") from None
    return connection


@cache
def _tls_context() -> ssl.SSLContext:
    return ssl.create_default_context()
