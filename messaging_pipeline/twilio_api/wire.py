"""The HTTP client under Twilio's own: pooled, bounded in time, never repeating, silent in the logs."""

import base64
import http.client
import logging
import re
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import urllib3
from twilio.http import HttpClient
from twilio.http.response import Response
from typing_extensions import override
from urllib3.exceptions import (
    ClosedPoolError,
    HTTPError,
    LocationValueError,
    ReadTimeoutError,
)

from messaging_pipeline.trust import public_trust
from messaging_pipeline.twilio_api.connections import (
    AnswerLost,
    CarefulHTTPPool,
    CarefulHTTPSPool,
    NeverReached,
)

_POOLS = {"http": CarefulHTTPPool, "https": CarefulHTTPSPool}
_BEFORE_CONNECTING = (ClosedPoolError, LocationValueError)
_WHOLE_SECONDS = re.compile(r"[0-9]{1,9}")
_LONGEST_RETRY_AFTER_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class AnswerHead:
    """What Twilio's exceptions leave out of an answer: its real HTTP status and ``Retry-After``."""

    http_status: int
    retry_after_seconds: float | None


class PooledHttpClient(HttpClient):
    """Carries the requests of a ``twilio.rest.Client`` over urllib3.

    Made for many threads: connections are kept per host, up to ``pool_size``, and a thread that finds
    none free opens one of its own rather than wait. A request is sent once; redirects are answers, not
    followed. Every failure is ``NeverReached`` or ``AnswerLost``. Bodies are forms, which is all that the
    API of 2010-04-01 takes.

    Make one per process, after forking. Requests and answers are never logged here.
    """

    def __init__(
        self,
        *,
        pool_size: int,
        connect_timeout_seconds: float,
        read_timeout_seconds: float,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Prepare the pools; nothing is connected yet. ``tls`` replaces the public trust store."""
        super().__init__(logging.getLogger(__name__), is_async=False, timeout=read_timeout_seconds)
        self._connect_timeout_seconds = connect_timeout_seconds
        self._pools = urllib3.PoolManager(
            maxsize=pool_size,
            block=False,
            ssl_context=tls or public_trust(),
        )
        self._pools.pool_classes_by_scheme = _POOLS
        self._authorizations: dict[tuple[str, str], str] = {}
        self._of_this_thread = threading.local()

    @override
    def request(
        self,
        method: str,
        uri: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """Send one request and return its whole answer.

        Raises ``NeverReached`` when no byte of the request was sent, ``AnswerLost`` when it may have
        arrived. ``allow_redirects`` is not honoured: an API that redirects is the wrong address.
        """
        self._of_this_thread.answer_head = None
        try:
            answer = self._pools.request(
                method,
                f"{uri}?{_form(params)}" if params else uri,
                body=_form(data) if data else None,
                headers={**(headers or {}), **self._authorization(auth)},
                timeout=urllib3.Timeout(connect=self._connect_timeout_seconds, read=timeout or self.timeout),
                retries=False,
                redirect=False,
            )
        except _BEFORE_CONNECTING as error:
            raise NeverReached("no connection could be made") from error
        except (HTTPError, http.client.HTTPException, OSError, ValueError) as error:
            raise AnswerLost(_loss(error)) from error
        self._of_this_thread.answer_head = AnswerHead(answer.status, _retry_after_seconds(answer.headers))
        return Response(answer.status, answer.data.decode("utf-8", "replace"), answer.headers)

    def last_answer_head(self) -> AnswerHead | None:
        """Return the head of the answer to this thread's latest request, if one came."""
        return getattr(self._of_this_thread, "answer_head", None)

    def close(self) -> None:
        """Close the connections that no thread is using."""
        self._pools.clear()

    def _authorization(self, auth: tuple[str, str] | None) -> dict[str, str]:
        if auth is None:
            return {}
        if auth not in self._authorizations:
            credentials = base64.b64encode(":".join(auth).encode()).decode()
            self._authorizations[auth] = f"Basic {credentials}"
        return {"Authorization": self._authorizations[auth]}


def _form(fields: Mapping[str, object]) -> str:
    """Encode fields as a form; a list repeats its key.

    Text that is not valid Unicode is sent with marks of replacement, so that encoding cannot fail.
    """
    return urlencode(fields, doseq=True, errors="replace")


def _retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Read ``Retry-After`` (RFC 9110, section 10.2.3) in seconds; a date is ignored, for clocks differ.

    Twilio does not document the header; a value past an hour is taken for an error and cut to it.
    """
    text = headers.get("Retry-After", "").strip()
    if not _WHOLE_SECONDS.fullmatch(text):
        return None
    return min(float(text), _LONGEST_RETRY_AFTER_SECONDS)


def _loss(error: Exception) -> str:
    if isinstance(error, ReadTimeoutError):
        return "no answer came in time"
    return "the connection broke before a whole answer came"
