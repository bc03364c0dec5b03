"""The contract of a place where secrets are kept."""

import json
from typing import Protocol


class NoSecret(Exception):
    """Raised when a place does not give a secret: why, and what to do. Neither ever holds a secret."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason, remedy)
        self.reason = reason
        self.remedy = remedy


class Source(Protocol):
    """One kind of place. It is asked once for each place, when a process starts."""

    def fetch(self, place: str) -> str:
        """Return the text that is kept there; raises NoSecret. Waits for nobody longer than some seconds."""


def value_under(key: str, text: str) -> str:
    """Return what stands under a key of a JSON object; raises NoSecret, which repeats nothing of the text."""
    try:
        values = json.loads(text)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise NoSecret("is not a JSON object", "keep an object of names and secrets there, or leave the #key out")
    value = values.get(key)
    if not isinstance(value, str):
        raise NoSecret(f"has no text under the key {key!r}", "correct the key, or what is kept there")
    return value
