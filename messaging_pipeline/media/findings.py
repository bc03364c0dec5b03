"""What looking at a message's media can find."""

from dataclasses import dataclass


class Unfit(Exception):
    """Raised when a file will not go, however often it is tried; the text says why, and never where it is."""


class NotNow(Exception):
    """Raised when nobody can tell just now; the text says why."""


@dataclass(frozen=True, slots=True)
class File:
    """A file that a server gives to everybody."""

    content_type: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Limits:
    """What a service permits: media without TLS, and hosts that are at private addresses here, though not to Twilio."""

    allow_http: bool = False
    private_hosts: frozenset[str] = frozenset()
