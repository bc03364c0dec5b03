"""One call of a receiver: signed, to public addresses unless it is said otherwise, and no redirect followed."""

import http.client
import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import urllib3
from urllib3.exceptions import HTTPError

from messaging_pipeline.clock import Clock
from messaging_pipeline.connections.careful import CAREFUL, pools_of
from messaging_pipeline.connections.public_addresses import PUBLIC, PrivateAddress
from messaging_pipeline.connections.reaching import AnswerLost, NeverReached
from messaging_pipeline.errors import PipelineError
from messaging_pipeline.policies.receivers import Receiver
from messaging_pipeline.signed_calls.signature import signature

_CONNECT_SECONDS = 5.0
_CHUNK_BYTES = 4096


class NoReceiver(PipelineError):
    """Raised when a tenant has no receiver of this name; nobody was called."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver answered. ``body`` is None when nobody asked for it, or it was too long or did not all come."""

    status: int
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SignedCalls:
    """Calls receivers, each with its secret, both by name; ``tls`` replaces the public trust store.

    Made for many threads; make one per process, after forking.
    """

    receivers: Mapping[str, Receiver]
    secrets: Mapping[str, str] = field(repr=False)
    clock: Clock
    tls: ssl.SSLContext | None = None
    _public: urllib3.PoolManager = field(init=False)
    _anywhere: urllib3.PoolManager = field(init=False)

    def __post_init__(self) -> None:
        """Make the pools; nothing is connected yet."""
        object.__setattr__(self, "_public", pools_of(PUBLIC, self.tls))
        object.__setattr__(self, "_anywhere", pools_of(CAREFUL, self.tls))

    def call(self, name: str, tenant: str, token: str, content: Mapping[str, object], most_bytes: int = 0) -> Answer:
        """Call once, with ``token`` as the idempotency key; read up to ``most_bytes`` of the answer.

        Raises NoReceiver, PrivateAddress or NeverReached when nothing has left, and AnswerLost when something may have.
        """
        receiver = self.receivers.get(name)
        if receiver is None or receiver.tenant != tenant:
            raise NoReceiver(f"there is no receiver {name!r} in messaging.toml")
        body = json.dumps(dict(content)).encode()
        try:
            return self._exchange(receiver, body, self._headers(self.secrets[name], token, body), most_bytes)
        except (NeverReached, PrivateAddress):
            raise
        except (HTTPError, http.client.HTTPException, OSError, ValueError):
            raise AnswerLost from None

    def close(self) -> None:
        """Close the connections that no thread is using."""
        self._public.clear()
        self._anywhere.clear()

    def _headers(self, secret: str, token: str, body: bytes) -> dict[str, str]:
        timestamp = str(int(self.clock.now().timestamp()))
        return {
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": "messaging-pipeline",
            "Idempotency-Key": token,
            "Messaging-Timestamp": timestamp,
            "Messaging-Signature": signature(secret, timestamp, body),
        }

    def _exchange(self, receiver: Receiver, body: bytes, headers: Mapping[str, str], most_bytes: int) -> Answer:
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
        try:
            return Answer(answer.status, _read(answer, most_bytes, time.monotonic() + receiver.timeout_seconds))
        finally:
            # What a stranger sends beyond what was asked for is not read, however long it is.
            answer.close()


def _read(answer: urllib3.BaseHTTPResponse, most_bytes: int, deadline: float) -> bytes | None:
    """Read a whole body, or nothing: the status stands anyway."""
    body = b""
    try:
        while most_bytes and time.monotonic() < deadline:
            chunk = answer.read1(_CHUNK_BYTES, decode_content=False)
            body += chunk
            if len(body) > most_bytes:
                return None
            if not chunk:
                return body
    except (HTTPError, http.client.HTTPException, OSError, ValueError):
        pass
    return None
