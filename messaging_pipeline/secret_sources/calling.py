"""One call to a service that keeps secrets, over HTTP, with time-outs and a few tries."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import urllib3
from urllib3.exceptions import HTTPError, LocationValueError

from messaging_pipeline.secret_sources.source import NoSecret
from messaging_pipeline.trust import public_trust

_TRY_AGAIN = frozenset({429, 500, 502, 503, 504})
_OK = 200


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a call may take, and how often it is tried again; nobody is waiting but a process that starts."""

    connect_seconds: float = 3.0
    read_seconds: float = 10.0
    tries_again: int = 2


IN_THE_CLOUD = Patience()
#: A metadata service is next door, or is not there at all.
NEXT_DOOR = Patience(connect_seconds=1.0, read_seconds=5.0, tries_again=1)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered; the body may be a secret and is in no representation."""

    status: int
    body: bytes = field(repr=False)

    @property
    def is_ok(self) -> bool:
        """Whether what was asked for is in the body."""
        return self.status == _OK

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    def fields(self) -> Mapping[str, Any]:
        """The body as a JSON object, empty when it is none."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


def call(
    whom: str,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None = None,
    patience: Patience = IN_THE_CLOUD,
) -> Answer:
    """Ask once, and again after what passes; raises NoSecret when nobody answers. Redirects are not followed."""
    retries = urllib3.Retry(
        patience.tries_again,
        allowed_methods=None,  # every question here may be repeated
        status_forcelist=_TRY_AGAIN,
        backoff_factor=0.2,
        raise_on_status=False,
        respect_retry_after_header=False,
    )
    timeout = urllib3.Timeout(connect=patience.connect_seconds, read=patience.read_seconds)
    with urllib3.PoolManager(ssl_context=public_trust()) as pools:
        try:
            answer = pools.request(
                method, url, body=body, headers=dict(headers), retries=retries, timeout=timeout, redirect=False
            )
        except (HTTPError, LocationValueError, OSError):
            raise NoSecret(
                f"cannot be read, since {whom} does not answer", "check the network and the address"
            ) from None
        return Answer(answer.status, answer.data)
