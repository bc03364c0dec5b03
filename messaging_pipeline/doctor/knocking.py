"""One post to a webhook of ours, from outside and through whatever stands before it."""

import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import urllib3
from urllib3.exceptions import HTTPError

from messaging_pipeline.connections.careful import CAREFUL, pools_of
from messaging_pipeline.connections.reaching import NeverReached
from messaging_pipeline.webhook_urls import DOCTOR

#: As long as Twilio waits: 5 s for a connection (https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides).
_CONNECT_SECONDS = 5.0
_READ_SECONDS = 15.0
_MOST_BYTES = 2048


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a status, where a redirect leads, and the beginning of the text."""

    status: int
    location: str | None
    text: str


def knock(url: str, form: Mapping[str, str], signature: str) -> Answer | str:
    """Post a form as Twilio does, once, without following redirects; return the answer, or why there is none."""
    pools = pools_of(CAREFUL)
    try:
        answer = pools.request(
            "POST",
            url,
            body=urlencode(form).encode(),
            headers={
                "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
                "User-Agent": DOCTOR,
                "X-Twilio-Signature": signature,
            },
            timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS),
            retries=False,
            redirect=False,
            preload_content=False,
        )
        try:
            text = answer.read(_MOST_BYTES).decode("utf-8", "replace")
            return Answer(answer.status, answer.headers.get("location"), text)
        finally:
            answer.close()
    except NeverReached as error:
        return str(error)
    except (HTTPError, http.client.HTTPException, OSError, ValueError):
        return "the connection broke, or no answer came in time"
    finally:
        pools.clear()
