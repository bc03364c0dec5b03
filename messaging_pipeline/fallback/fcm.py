"""Hands notifications to Firebase Cloud Messaging.

https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages/send
"""

import http.client
import json
import ssl
from collections.abc import Mapping
from typing import Any, Protocol

import urllib3
from urllib3.exceptions import HTTPError

from messaging_pipeline.connections.careful import CAREFUL, pools_of
from messaging_pipeline.connections.reaching import NeverReached
from messaging_pipeline.errors import PipelineError
from messaging_pipeline.fallback.fcm_answers import UNAUTHORIZED, judged
from messaging_pipeline.fallback.letters import Posted

_MOST_BYTES = 65_536


class NoToken(PipelineError):
    """Raised when Google gives no access token; the text says why, and nothing has left."""


class AccessTokens(Protocol):
    """What proves to Firebase who is calling. Used by many threads at once."""

    def current(self) -> str:
        """Return a token that is valid; raises NoToken."""

    def forget(self, token: str) -> None:
        """Never return this token again: it was refused."""


class Fcm:
    """One Firebase project; one request for each notification and never a second."""

    def __init__(
        self,
        base_url: str,
        project_id: str,
        tokens: AccessTokens,
        connect_timeout_seconds: float = 5.0,
        read_timeout_seconds: float = 15.0,
        *,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Prepare; nothing is connected yet. ``tls`` replaces the public trust store."""
        self._url = f"{base_url.rstrip('/')}/v1/projects/{project_id}/messages:send"
        self._tokens = tokens
        self._timeout = urllib3.Timeout(connect=connect_timeout_seconds, read=read_timeout_seconds)
        self._pools = pools_of(CAREFUL, tls)

    def post(self, message: Mapping[str, Any]) -> Posted:
        """Send one notification, in Firebase's own form."""
        try:
            token = self._tokens.current()
            status, content = self._exchange(json.dumps({"message": message}), token)
        except NoToken as error:
            return Posted("not_sent", str(error))
        except NeverReached as error:
            return Posted("not_sent", f"Firebase was not reached: {error}")
        except (HTTPError, http.client.HTTPException, OSError, ValueError):
            return Posted("unconfirmed", "Firebase was sent the notification, and its answer did not come")
        if status == UNAUTHORIZED:
            self._tokens.forget(token)
        return judged(status, content)

    def _exchange(self, body: str, token: str) -> tuple[int, Any]:
        answer = self._pools.request(
            "POST",
            self._url,
            body=body,
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
            timeout=self._timeout,
            retries=False,
            redirect=False,
            preload_content=False,
        )
        try:
            return answer.status, _content(answer)
        finally:
            answer.close()


def _content(answer: urllib3.BaseHTTPResponse) -> Any:
    """Return an answer's JSON; None when it is something else, too long, or cut short: the status stands anyway."""
    try:
        return json.loads(answer.read(_MOST_BYTES, decode_content=False))
    except (HTTPError, http.client.HTTPException, OSError, ValueError):
        return None
