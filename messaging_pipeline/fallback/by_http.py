"""The channel `http`: a signed call of a receiver that the configuration names."""

import hmac
import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field

import urllib3
from urllib3.exceptions import HTTPError

from messaging_pipeline.clock import Clock
from messaging_pipeline.fallback.leaving import Leaving
from messaging_pipeline.fallback.letters import Posted
from messaging_pipeline.fallback.public_connections import PrivateAddress, PublicHTTPPool, PublicHTTPSPool
from messaging_pipeline.fallback_receivers import Receiver
from messaging_pipeline.messages.plan import HttpStep
from messaging_pipeline.trust import public_trust
from messaging_pipeline.twilio_api.connections import CarefulHTTPPool, CarefulHTTPSPool, NeverReached

_ANYWHERE = {"http": CarefulHTTPPool, "https": CarefulHTTPSPool}
_PUBLIC = {"http": PublicHTTPPool, "https": PublicHTTPSPool}
_CONNECT_SECONDS = 5.0

# Whole classes of answers by their first digit (RFC 9110, section 15).
_SUCCESS, _REDIRECTION, _CLIENT_ERROR = 2, 3, 4
_REQUEST_TIMEOUT = 408
_TOO_MANY_REQUESTS = 429


def _pools(classes: Mapping[str, type], tls: ssl.SSLContext | None) -> urllib3.PoolManager:
    pools = urllib3.PoolManager(maxsize=8, block=False, ssl_context=tls or public_trust())
    pools.pool_classes_by_scheme = dict(classes)
    return pools


@dataclass(frozen=True, slots=True)
class ByHttp:
    """Calls receivers, each with its secret, both by name; ``tls`` replaces the public trust store."""

    receivers: Mapping[str, Receiver]
    secrets: Mapping[str, str]
    clock: Clock
    tls: ssl.SSLContext | None = None
    _public: urllib3.PoolManager = field(init=False)
    _anywhere: urllib3.PoolManager = field(init=False)

    def __post_init__(self) -> None:
        """Make the pools; nothing is connected yet."""
        object.__setattr__(self, "_public", _pools(_PUBLIC, self.tls))
        object.__setattr__(self, "_anywhere", _pools(_ANYWHERE, self.tls))

    def send(self, leaving: Leaving) -> Posted:
        """Call once. Redirects are not followed."""
        step = leaving.step
        assert isinstance(step, HttpStep)  # noqa: S101
        receiver = self.receivers.get(step.to)
        if receiver is None or receiver.tenant != leaving.tenant:
            return Posted("refused", f"there is no receiver {step.to!r} in messaging.toml")
        return self._call(receiver, self.secrets[step.to], leaving)

    def _call(self, receiver: Receiver, secret: str, leaving: Leaving) -> Posted:
        body = json.dumps(
            {**leaving.facts(), "to": leaving.to, "body": leaving.body, "media_urls": list(leaving.media_urls)}
        ).encode()
        try:
            status = self._status(receiver, body, self._headers(secret, leaving, body))
        except PrivateAddress:
            return Posted("refused", "the receiver's host has an address that is not public; see private_addresses")
        except NeverReached as error:
            return Posted("not_sent", f"the receiver was not reached: {error}")
        except (HTTPError, http.client.HTTPException, OSError, ValueError):
            return Posted("unconfirmed", "the receiver was called, and its answer did not come")
        return _posted(status)

    def _headers(self, secret: str, leaving: Leaving, body: bytes) -> dict[str, str]:
        timestamp = str(int(self.clock.now().timestamp()))
        return {
            "Content-Type": "application/json",
            "User-Agent": "messaging-pipeline",
            "Idempotency-Key": leaving.token,
            "Messaging-Timestamp": timestamp,
            "Messaging-Signature": signature(secret, timestamp, body),
        }

    def _status(self, receiver: Receiver, body: bytes, headers: Mapping[str, str]) -> int:
        pools = self._anywhere if receiver.private_addresses else self._public
        answer = pools.request(
            "POST",
            receiver.url,
            body=body,
            headers=headers,
            timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=receiver.timeout_seconds),
            retries=False,
            redirect=False,
            preload_content=False,
        )
        # The status says it all; what a stranger sends after it is not read, however long it is.
        answer.close()
        return answer.status


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return what proves that a call is ours: HMAC-SHA256 over the time, a dot, and the body."""
    return "v1=" + hmac.digest(secret.encode(), timestamp.encode() + b"." + body, "sha256").hex()


def _posted(status: int) -> Posted:
    """After a server error, or a time-out that something in between reports, the call may have been taken."""
    if status // 100 == _SUCCESS:
        return Posted("sent", f"the receiver took the call ({status})")
    if status == _TOO_MANY_REQUESTS:
        return Posted("not_sent", f"the receiver did not take the call this time ({status})")
    if status // 100 == _REDIRECTION:
        return Posted("refused", f"the receiver answered with a redirect, which is not followed ({status})")
    if status // 100 == _CLIENT_ERROR and status != _REQUEST_TIMEOUT:
        return Posted("refused", f"the receiver refused the call ({status})")
    return Posted("unconfirmed", f"the receiver's answer leaves open whether it took the call ({status})")
