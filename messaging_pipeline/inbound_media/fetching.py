"""Fetches one file that Twilio holds: Twilio's credentials go to Twilio alone, and redirects to the public internet."""

import ssl
import time
from contextlib import closing
from typing import IO
from urllib.parse import SplitResult, urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from messaging_pipeline.connections.hanging_up import HangingUp
from messaging_pipeline.media.addresses import place_of, redirected
from messaging_pipeline.media.findings import File, Limits, NotNow, Unfit
from messaging_pipeline.media.looking import host_header, pool_to
from messaging_pipeline.policies.inbound_media import InboundMediaPolicy
from messaging_pipeline.trust import public_trust
from messaging_pipeline.twilio_api.accounts import TwilioLogin

MOST_REDIRECTS = 5
LONGEST_SECONDS = 60.0
"""A fetch takes no longer; shorter than the lease of a file in hand."""

_TOO_LONG = "it took too long to come"
_CHUNK_BYTES = 65_536
_SUCCESS, _REDIRECTION = 2, 3
_DEFAULT_PORTS = {"http": 80, "https": 443}


def fetch(
    url: str, login: TwilioLogin, policy: InboundMediaPolicy, into: IO[bytes], tls: ssl.SSLContext | None = None
) -> File:
    """Write a file into ``into``; raises Unfit when it is not to be kept, NotNow when it did not come.

    Neither says where the file is. The credentials leave with a request for the API's own scheme, host and port only,
    so that a redirect to the host of the storage loses them.
    """
    deadline = time.monotonic() + LONGEST_SECONDS
    for _ in range(MOST_REDIRECTS + 1):
        found = _ask(url, login, policy, into, deadline, tls or public_trust())
        if isinstance(found, File):
            return found
        url = redirected(url, found)
    raise Unfit(f"is redirected more than {MOST_REDIRECTS} times")


def _ask(
    url: str,
    login: TwilioLogin,
    policy: InboundMediaPolicy,
    into: IO[bytes],
    deadline: float,
    tls: ssl.SSLContext,
) -> File | str:
    """Ask one server; return the file, or where it says the file is."""
    is_twilio = _origin(url) == _origin(login.base_url)
    place = place_of(url, _limits(url, is_twilio, policy))
    headers = {"Host": host_header(place), "Accept-Encoding": "identity", "User-Agent": "messaging-pipeline"}
    if is_twilio:
        headers["Authorization"] = login.authorization
    with HangingUp(deadline) as hanging_up, closing(pool_to(place, tls, hanging_up)) as pool:
        try:
            answer = pool.urlopen(
                "GET", place.target, headers=headers, redirect=False, retries=False, preload_content=False
            )
            with closing(answer):
                found = _judged(answer, policy, into, deadline)
        except (HTTPError, OSError, ValueError):
            raise NotNow("its server did not answer, or not to the end") from None
        if hanging_up.is_over:
            raise NotNow(_TOO_LONG)
        return found


def _limits(url: str, is_twilio: bool, policy: InboundMediaPolicy) -> Limits:
    """The API is where the settings say it is; anything else must be public, or permitted by name."""
    host = _parts(url).hostname or ""
    if is_twilio or host in policy.private_hosts:
        return Limits(allow_http=True, private_hosts=frozenset({host}))
    return Limits()


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = _parts(url)
    return parts.scheme, parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port, parts.hostname
    except ValueError:
        raise Unfit("leads to something that is no URL") from None
    return parts


def _judged(
    answer: urllib3.BaseHTTPResponse, policy: InboundMediaPolicy, into: IO[bytes], deadline: float
) -> File | str:
    kind, location = answer.status // 100, answer.headers.get("Location")
    if kind == _REDIRECTION and location:
        return location
    if kind != _SUCCESS:
        raise NotNow(f"its server answers HTTP {answer.status}")
    content_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if not policy.takes(content_type):
        raise Unfit("is of a type that is not among content_types")
    announced = answer.headers.get("Content-Length", "")
    if announced.isdecimal():
        _refuse_over(policy.max_bytes, int(announced))
    return File(content_type, _read(answer, policy.max_bytes, into, deadline))


def _read(answer: urllib3.BaseHTTPResponse, max_bytes: int, into: IO[bytes], deadline: float) -> int:
    size_bytes = 0
    for chunk in answer.stream(_CHUNK_BYTES, decode_content=False):
        size_bytes += len(chunk)
        _refuse_over(max_bytes, size_bytes)
        if time.monotonic() >= deadline:
            raise NotNow(_TOO_LONG)
        into.write(chunk)
    return size_bytes


def _refuse_over(max_bytes: int, size_bytes: int) -> None:
    if size_bytes > max_bytes:
        raise Unfit("is larger than max_bytes")
