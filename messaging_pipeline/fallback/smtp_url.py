"""Reads ``SMTP_URL``: which mail server, how the line is encrypted, and who logs in."""

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Literal
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from messaging_pipeline.errors import InvalidSettings

Encryption = Literal["none", "starttls", "tls"]

#: The ports of RFC 5321 (relay), RFC 6409 (submission) and RFC 8314 (submission with TLS from the first byte).
_PORTS: dict[Encryption, int] = {"none": 25, "starttls": 587, "tls": 465}

_HOST = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*")
_REMEDY = (
    "write `smtp://user:password@host:587?starttls=1` or `smtps://user:password@host:465`, "
    "with % codes for `@ : / ? # %` inside the user name and the password"
)


@dataclass(frozen=True, slots=True)
class Login:
    """A user name and a password, both printable ASCII: all that SMTP's older ways to log in can carry."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail is handed over. ``tls`` encrypts from the first byte, ``starttls`` before anything is said."""

    host: str
    port: int
    encryption: Encryption
    login: Login | None


def parse_smtp_url(url: str) -> SmtpServer:
    """Read ``smtp://host``, ``smtp://user:password@host:587?starttls=1`` or ``smtps://host:465``.

    The port is 465 for ``smtps``, 587 with ``starttls=1`` and 25 otherwise, unless it is given. A password goes
    unencrypted to another host only when ``starttls=0`` says that this is meant.
    Raises InvalidSettings, naming ``SMTP_URL`` and never its user or password.
    """
    parts, given_port = _split(url)
    if parts.scheme not in {"smtp", "smtps"}:
        raise _wrong("does not start with smtp:// or smtps://")
    if parts.path not in {"", "/"} or parts.fragment:
        raise _wrong("has something after the host and port that does not belong there")
    host, login, starttls = _host(parts), _login(parts), _starttls(parts)
    if login and starttls is None and parts.scheme == "smtp" and not _is_loopback(host):
        raise _wrong("would send a password unencrypted; add `?starttls=1`, or `?starttls=0` if that is meant")
    encryption: Encryption = "tls" if parts.scheme == "smtps" else "starttls" if starttls else "none"
    return SmtpServer(host, given_port or _PORTS[encryption], encryption, login)


def _split(url: str) -> tuple[SplitResult, int | None]:
    """Split the URL; Python's own complaints are not passed on, for they quote the password."""
    if not url.isprintable() or " " in url:
        raise _wrong("holds blanks or control characters")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _wrong("is not a URL with a host and a port from 1 to 65535") from None
    if port == 0:
        raise _wrong("names port 0")
    return parts, port


def _host(parts: SplitResult) -> str:
    host = parts.hostname or ""
    if not _HOST.fullmatch(host) and not _is_address(host):
        raise _wrong("has no host name or address that a connection could be made to")
    return host


def _login(parts: SplitResult) -> Login | None:
    if parts.username is None:
        return None
    user, password = unquote(parts.username), unquote(parts.password or "")
    if not user or not password:
        raise _wrong("has a user name without a password, or a password without a user name")
    if not all(text.isascii() and text.isprintable() for text in (user, password)):
        raise _wrong("has a user name or password with letters outside ASCII, or with control characters")
    return Login(user, password)


def _starttls(parts: SplitResult) -> bool | None:
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    answer = options.pop("starttls", None)
    if options or answer not in {None, "0", "1"}:
        raise _wrong("has an option other than `starttls=1` and `starttls=0`")
    if answer is not None and parts.scheme == "smtps":
        raise _wrong("asks for STARTTLS inside smtps, which is encrypted already")
    return None if answer is None else answer == "1"


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_address(host) and ip_address(host).is_loopback)


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _wrong(reason: str) -> InvalidSettings:
    return InvalidSettings("SMTP_URL", reason, _REMEDY)
