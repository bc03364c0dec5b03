"""Asks for a file as Twilio does: one GET after another, with no cookies, no credentials and no headers of its own."""

import ssl
import time
from contextlib import closing

import urllib3
from urllib3.exceptions import HTTPError

from messaging_pipeline.connections.hanging_up import HangingUp, WatchedHTTPPool, WatchedHTTPSPool
from messaging_pipeline.media.addresses import Place, place_of, redirected
from messaging_pipeline.media.findings import File, Limits, NotNow, Unfit
from messaging_pipeline.trust import public_trust

#: Twilio takes no message with more (https://www.twilio.com/docs/messaging/guides/accepted-mime-types).
LARGEST_BYTES = 5 * 1024 * 1024

_MOST_REDIRECTS = 5
_CONNECT_SECONDS = 3.0
_READ_SECONDS = 5.0
_CHUNK_BYTES = 65_536

_TOO_LONG = "looking at it took too long"

_SUCCESS, _REDIRECTION = 2, 3
_ASKS_WHO_WE_ARE = frozenset({401, 403, 407})
_PASSING = frozenset({408, 425, 429})
_LOWEST_SERVER_ERROR = 500


def look_at(url: str, limits: Limits, deadline: float, tls: ssl.SSLContext | None = None) -> File:
    """Return what is at a URL; raises Unfit or NotNow. ``deadline`` is in monotonic seconds."""
    for _ in range(_MOST_REDIRECTS + 1):
        found = _ask(place_of(url, limits), deadline, tls or public_trust())
        if isinstance(found, File):
            return found
        url = redirected(url, found)
    raise Unfit(f"is redirected more than {_MOST_REDIRECTS} times")


def _ask(place: Place, deadline: float, tls: ssl.SSLContext) -> File | str:
    """Ask one server; return the file, or where it says the file is."""
    if time.monotonic() >= deadline:
        raise NotNow(_TOO_LONG)
    with HangingUp(deadline) as hanging_up, closing(pool_to(place, tls, hanging_up)) as pool:
        try:
            answer = pool.urlopen(
                "GET",
                place.target,
                headers={"Host": host_header(place)},
                redirect=False,
                retries=False,
                preload_content=False,
            )
            with closing(answer):
                found = _judged(answer, deadline)
        except (HTTPError, OSError, ValueError):
            raise NotNow("its server does not answer as a web server does") from None
        if hanging_up.is_over:
            raise NotNow(_TOO_LONG)
        return found


def pool_to(place: Place, tls: ssl.SSLContext, hanging_up: HangingUp) -> urllib3.HTTPConnectionPool:
    """Return a pool of connections to the address that was judged; nothing is connected yet."""
    timeout = urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS)
    if not place.tls:
        return WatchedHTTPPool(place.address, place.port, timeout=timeout, hanging_up=hanging_up)
    return WatchedHTTPSPool(
        place.address,
        place.port,
        timeout=timeout,
        ssl_context=tls,
        server_hostname=place.host,
        hanging_up=hanging_up,
    )


def host_header(place: Place) -> str:
    """Return what the server is told it was asked for."""
    host = f"[{place.host}]" if ":" in place.host else place.host
    return host if place.port in {80, 443} else f"{host}:{place.port}"


def _judged(answer: urllib3.BaseHTTPResponse, deadline: float) -> File | str:
    kind, location = answer.status // 100, answer.headers.get("Location")
    if kind == _SUCCESS:
        return File(_content_type(answer), _size_bytes(answer, deadline))
    if kind == _REDIRECTION and location:
        return location
    if answer.status in _ASKS_WHO_WE_ARE:
        raise Unfit(f"is not for everybody, or its signature has run out (HTTP {answer.status})")
    if answer.status in _PASSING or answer.status >= _LOWEST_SERVER_ERROR:
        raise NotNow(f"its server answers HTTP {answer.status}")
    raise Unfit(f"is not there (HTTP {answer.status})")


def _content_type(answer: urllib3.BaseHTTPResponse) -> str:
    return answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def _size_bytes(answer: urllib3.BaseHTTPResponse, deadline: float) -> int:
    """What the head announces, or else what comes, as far as it matters."""
    announced = answer.headers.get("Content-Length", "")
    if announced.isdecimal():
        return int(announced)
    size = 0
    for chunk in answer.stream(_CHUNK_BYTES, decode_content=False):
        size += len(chunk)
        if size > LARGEST_BYTES:
            return size
        if time.monotonic() >= deadline:
            raise NotNow(_TOO_LONG)
    return size
