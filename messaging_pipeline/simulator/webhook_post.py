"""One webhook to the customer's server: signed, timed and retried as its URL asks."""

import asyncio
from dataclasses import dataclass
from urllib.parse import quote_plus, urlsplit, urlunsplit
from uuid import uuid4

from twilio.request_validator import RequestValidator

from messaging_pipeline.simulator import connection_overrides
from messaging_pipeline.simulator.connection_overrides import ConnectionOverrides
from messaging_pipeline.simulator.simulated_time import unix_now
from messaging_pipeline.simulator.webhook_connections import (
    NoAnswerError,
    Origin,
    Patience,
    WebhookConnections,
)

MAX_OPEN_REQUESTS = 200

_HEAD = (
    "POST {target} HTTP/1.1\r\n"
    "Host: {host}\r\n"
    "Accept: */*\r\n"
    "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n"
    "Content-Length: {length}\r\n"
    "I-Twilio-Idempotency-Token: {token}\r\n"
    "User-Agent: TwilioProxy/1.1\r\n"
    "X-Twilio-Signature: {signature}\r\n"
    "\r\n"
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try, begun ``at`` Unix seconds.

    ``outcome`` is the HTTP status as text, or one word: connect_failed, connect_timeout, read_timeout,
    disconnected, cut_off (in the middle of the answer) or bad_answer.
    """

    at: float
    outcome: str
    content_type: str = ""
    content: bytes = b""

    @property
    def succeeded(self) -> bool:
        """Whether the server answered with a 2xx."""
        return self.outcome.startswith("2")

    @property
    def failure(self) -> str | None:
        """What kind of failure it is in the words of a retry policy; None is not retried by any."""
        if self.outcome.startswith("connect_"):
            return "ct"
        if self.outcome == "read_timeout":
            return "rt"
        return {"4": "4xx", "5": "5xx"}.get(self.outcome[0])


class _SignedFields(dict[str, str]):
    """Fields for the validator, in the kind of mapping it asks first; any other costs it two exceptions each."""

    def getall(self, name: str) -> list[str]:
        """Return the one value of a field."""
        return [self[name]]


class WebhookPost:
    """Posts webhooks. Must be made and closed inside the running loop."""

    def __init__(self) -> None:
        self._connections = WebhookConnections()
        self._room = asyncio.Semaphore(MAX_OPEN_REQUESTS)

    def close(self) -> None:
        """Close all connections."""
        self._connections.close()

    async def post(self, url: str, fields: dict[str, str], auth_token: str) -> list[Attempt]:
        """Post a form to ``url`` until it succeeds or the URL's retry policy is exhausted; never raises."""
        bare, overrides = connection_overrides.split(url)
        origin, request = _request(bare, fields, auth_token)
        async with self._room:
            return await self._attempt_all(origin, request, overrides)

    async def deliver(self, url: str, request: bytes) -> bool:
        """Send a request that somebody else has written to the server of ``url``; tell whether it answered 2xx."""
        bare, patient = connection_overrides.split(url)
        async with self._room:
            attempts = await self._attempt_all(_origin(bare), request, patient)
        return attempts[-1].succeeded

    async def _attempt_all(self, origin: Origin, request: bytes, overrides: ConnectionOverrides) -> list[Attempt]:
        loop = asyncio.get_running_loop()
        end = loop.time() + overrides.total_ms / 1000
        attempts: list[Attempt] = []
        while len(attempts) <= overrides.retries and (remaining := end - loop.time()) > 0:
            patience = Patience(overrides.connect_ms / 1000, overrides.read_ms / 1000, remaining)
            attempt = await self._attempt(origin, request, patience)
            attempts.append(attempt)
            if attempt.failure is None or not overrides.retries_after(attempt.failure):
                break
        return attempts

    async def _attempt(self, origin: Origin, request: bytes, patience: Patience) -> Attempt:
        at = unix_now()
        try:
            answer = await self._connections.exchange(origin, request, patience)
        except NoAnswerError as error:
            return Attempt(at, error.outcome)
        return Attempt(at, str(answer.status), answer.content_type, answer.content)


def _request(url: str, fields: dict[str, str], auth_token: str) -> tuple[Origin, bytes]:
    """Write the request, the same for every attempt.

    The path and query go out byte for byte as they are in the URL. The signature is over the URL without
    user info (https://www.twilio.com/docs/usage/security).
    """
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    signed_url = url if host == parts.netloc else urlunsplit(parts._replace(netloc=host))
    content = "&".join(f"{name}={_quoted(text)}" for name, text in fields.items())
    head = _HEAD.format(
        target=url[url.index(parts.netloc) + len(parts.netloc) :] or "/",
        host=host,
        length=len(content),
        token=uuid4(),
        signature=RequestValidator(auth_token).compute_signature(signed_url, _SignedFields(fields)),
    )
    return _origin(url), (head + content).encode()


def _origin(url: str) -> Origin:
    parts = urlsplit(url)
    tls = parts.scheme == "https"
    return Origin(parts.hostname or "", parts.port or (443 if tls else 80), tls)


def _quoted(text: str) -> str:
    """Most values are sids and words, which need no quoting; finding that out is most of the cost."""
    return text if text.isascii() and text.isalnum() else quote_plus(text)
