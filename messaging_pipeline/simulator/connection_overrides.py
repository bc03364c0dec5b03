"""The settings that a webhook URL carries in its fragment.

https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
"""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

_POLICIES = frozenset({"4xx", "5xx", "ct", "rt", "all"})


@dataclass(frozen=True, slots=True)
class ConnectionOverrides:
    """How long to wait, in milliseconds, how often to try again, and after what."""

    connect_ms: int = 5_000
    read_ms: int = 15_000
    total_ms: int = 15_000
    retries: int = 1
    retry_on: frozenset[str] = frozenset({"ct"})

    def retries_after(self, failure: str) -> bool:
        """Say whether a failure (``4xx``, ``5xx``, ``ct`` or ``rt``) is one to try again after."""
        return failure in self.retry_on or "all" in self.retry_on


DEFAULT = ConnectionOverrides()

_LIMITS = {
    "ct": ("connect_ms", 100, 10_000),
    "rt": ("read_ms", 100, 15_000),
    "tt": ("total_ms", 100, 15_000),
    "rc": ("retries", 0, 5),
}


def split(url: str) -> tuple[str, ConnectionOverrides]:
    """Take a webhook URL apart into what is requested and signed, and what its fragment asks for.

    A value out of range, or a policy nobody knows, leaves that one setting as it is by default.
    """
    bare, _, fragment = url.partition("#")
    if not fragment:
        return bare, DEFAULT
    settings: dict[str, Any] = {}
    for key, text in parse_qsl(fragment):
        if key in _LIMITS:
            name, low, high = _LIMITS[key]
            if text.isdecimal() and low <= int(text) <= high:
                settings[name] = int(text)
        elif key == "rp" and (policies := frozenset(text.split(","))) <= _POLICIES:
            settings["retry_on"] = policies
    return bare, replace(DEFAULT, **settings)
