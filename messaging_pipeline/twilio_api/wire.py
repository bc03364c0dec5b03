"""The HTTP client under Twilio's own: pooled, bounded in time, never repeating, silent in the logs."""

import base64
import logging
import re
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, urlencode, urlsplit

from twilio.http import HttpClient
from twilio.http.response import Response
from typing_extensions import override

from messaging_pipeline.connections.reaching import NeverReached
from messaging_pipeline.trust import public_trust
from messaging_pipeline.twilio_api.kept_connections import KeptConnections, Origin

_DEFAULT_PORTS = {"http": 80, "https": 443}
#: RFC 3986: what may stand in a path or a query as it is, and the sign of what is escaped already.
_URL_CHARACTERS = "/:?[]@!$&'()*+,;=-._~%"
_WHOLE_SECONDS = re.compile(r"[0-9]{1,9}")
_LONGEST_RETRY_AFTER_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class AnswerHead:
    """What Twilio's exceptions leave out of an answer: its real HTTP status, ``Retry-After`` and ``Date``."""

    http_status: int
    retry_after_seconds: float | None
    date: str | None = None


class PooledHttpClient(HttpClient):
    """Carries the requests of a ``twilio.rest.Client``, and does no more than these need.

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
        self._connections = KeptConnections(
            most_kept=pool_size,
            connect_timeout_seconds=connect_timeout_seconds,
            tls=tls or public_trust(),
        )
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
        origin, host, target = _address(f"{uri}?{_form(params)}" if params else uri)
        content = _form(data).encode("ascii") if data else b""
        fields = {"Host": host, "Accept-Encoding": "identity"}
        if content or method == "POST":
            fields["Content-Length"] = str(len(content))
        head = _head(f"{method} {target} HTTP/1.1", {**fields, **(headers or {}), **self._authorization(auth)})
        answer = self._connections.exchange(origin, head + content, timeout or self.timeout)
        self._of_this_thread.answer_head = AnswerHead(
            answer.status, _retry_after_seconds(answer.headers), answer.headers.get("date")
        )
        return Response(answer.status, answer.content.decode("utf-8", "replace"), answer.headers)

    def last_answer_head(self) -> AnswerHead | None:
        """Return the head of the answer to this thread's latest request, if one came."""
        return getattr(self._of_this_thread, "answer_head", None)

    def close(self) -> None:
        """Close the connections that no thread is using."""
        self._connections.close()

    def _authorization(self, auth: tuple[str, str] | None) -> dict[str, str]:
        if auth is None:
            return {}
        if auth not in self._authorizations:
            credentials = base64.b64encode(":".join(auth).encode()).decode()
            self._authorizations[auth] = f"Basic {credentials}"
        return {"Authorization": self._authorizations[auth]}


@lru_cache(maxsize=64)
def _address(uri: str) -> tuple[Origin, str, str]:
    """Take an address apart: whom to connect to, the ``Host`` field, and the target of the request."""
    try:
        parts = urlsplit(uri)
        default_port = _DEFAULT_PORTS[parts.scheme]
        port = default_port if parts.port is None else parts.port
    except (ValueError, LookupError) as error:
        raise NeverReached("no connection could be made") from error
    if not parts.hostname:
        raise NeverReached("no connection could be made")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    target = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=_URL_CHARACTERS)
    origin = Origin(parts.hostname, port, parts.scheme == "https")
    return origin, host if port == default_port else f"{host}:{port}", target


def _head(first_line: str, fields: Mapping[str, str]) -> bytes:
    """Write the head of a request. A line break within it would begin another field, and is a mistake of ours."""
    lines = [first_line, *(f"{name}: {value}" for name, value in fields.items())]
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("a line of the request's head holds a line break")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _form(fields: Mapping[str, object]) -> str:
    """Encode fields as a form; a list repeats its key.

    Text that is not valid Unicode is sent with marks of replacement, so that encoding cannot fail.
    """
    return urlencode(fields, doseq=True, errors="replace")


def _retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """Read ``Retry-After`` (RFC 9110, section 10.2.3) in seconds; a date is ignored, for clocks differ.

    Twilio does not document the header; a value past an hour is taken for an error and cut to it.
    """
    text = headers.get("retry-after", "").strip()
    if not _WHOLE_SECONDS.fullmatch(text):
        return None
    return min(float(text), _LONGEST_RETRY_AFTER_SECONDS)
