"""Twilio's webhook signatures, made and verified (https://www.twilio.com/docs/usage/security)."""

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol, runtime_checkable
from urllib.parse import parse_qs

from twilio.request_validator import RequestValidator, get_signature_algorithm

_DEFAULT_PORTS = {"https": "443", "http": "80"}
_BODY_HASH = "bodySHA256"


@runtime_checkable
class MultiDict(Protocol):
    """A form as web frameworks hold it: every key once, with all its values."""

    def __iter__(self) -> Iterator[str]:
        """Iterate over the keys."""

    def getlist(self, key: str) -> list[str]:
        """Return all values of a key."""


Form = MultiDict | Mapping[str, str] | Iterable[tuple[str, str]]


def sign(url: str, form: Form, token: str) -> str:
    """Sign a form post as Twilio does, with HMAC-SHA1 under the account's auth token.

    ``url`` is signed as it stands, without its fragment.
    """
    return _signature(url.partition("#")[0], _Values(form), token, "HMAC_SHA1")


def verify(
    url: str,
    form: Form,
    signature: str | None,
    tokens: Sequence[str],
    signature_settings: str | None = None,
) -> int | None:
    """Return the index of the token under which a form post was signed, or ``None`` if under none.

    ``url`` is the address as it is configured at Twilio, with the path and query exactly as they were
    requested; ``signature`` is the header ``X-Twilio-Signature``. ``signature_settings`` is the header
    ``X-Twilio-Webhooks-Signature-Settings``, with which Twilio announces a shared key and HMAC-SHA256;
    the tokens are then the secrets of such keys. No input raises.
    """
    if not signature:
        return None
    try:
        given, values, urls = signature.encode(), _Values(form), _spellings(url)
        algorithm = get_signature_algorithm(signature_settings)
        for index, token in enumerate(tokens):
            if token and _is_signed(urls, values, given, token, algorithm):
                return index
    except (ValueError, TypeError, AttributeError):
        return None  # not Unicode, not text, not a form, or an algorithm that nobody knows
    return None


def verify_body(
    url: str,
    raw_body: bytes,
    signature: str | None,
    tokens: Sequence[str],
    signature_settings: str | None = None,
) -> int | None:
    """Return the index of the token under which a post that is no form, such as JSON, was signed.

    The body's SHA-256 must be in the query, where the signature covers it; without it the body is
    unproven and the answer is ``None``. No input raises.
    """
    try:
        claimed = parse_qs(url.partition("#")[0].partition("?")[2]).get(_BODY_HASH, [""])[0].encode()
        computed = hashlib.sha256(raw_body).hexdigest().encode()
    except (ValueError, TypeError, AttributeError):
        return None
    if not hmac.compare_digest(claimed, computed):
        return None
    return verify(url, (), signature, tokens, signature_settings)


class _Values(dict[str, list[str]]):
    """A form in the shape from which ``RequestValidator`` reads repeated keys."""

    def __init__(self, form: Form) -> None:
        super().__init__()
        for key, value in _pairs(form):
            self.setdefault(key, []).append(value)

    def getlist(self, key: str) -> list[str]:
        return self[key]


def _pairs(form: Form) -> Iterable[tuple[str, str]]:
    if isinstance(form, MultiDict):
        return [(key, value) for key in form for value in form.getlist(key)]
    return form.items() if isinstance(form, Mapping) else form


def _is_signed(urls: Iterable[str], values: _Values, given: bytes, token: str, algorithm: str) -> bool:
    return any(hmac.compare_digest(_signature(url, values, token, algorithm).encode(), given) for url in urls)


def _signature(url: str, values: _Values, token: str, algorithm: str) -> str:
    signature: str = RequestValidator(token).compute_signature(url, values, algorithm)
    return signature


def _spellings(url: str) -> list[str]:
    """Return the ways in which Twilio may have written the URL when it signed, the likeliest first.

    A port may have been left out or put in, and credentials are dropped; the rest is signed verbatim.
    """
    scheme, _, rest = url.partition("#")[0].partition("://")
    end = min((at for at in map(rest.find, "/?") if at >= 0), default=len(rest))
    authority, tail = rest[:end], rest[end:]
    credentials, at, host_and_port = authority.rpartition("@")
    host, port = _split_port(host_and_port)
    hosts = (host_and_port, host, f"{host}:{port or _DEFAULT_PORTS.get(scheme, '80')}")
    prefixes = (credentials + at, "")
    return list(dict.fromkeys(f"{scheme}://{prefix}{spelt}{tail}" for prefix in prefixes for spelt in hosts))


def _split_port(host_and_port: str) -> tuple[str, str]:
    host, colon, port = host_and_port.rpartition(":")
    if colon and port.isdigit():
        return host, port
    return host_and_port, ""
