"""References to secrets as configuration writes them: ``kind:place``, and ``#key`` where a place holds several."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator

#: The kinds of places, and whether a ``#key`` is allowed or even needed there.
_KEYS = {"env": "none", "file": "none", "vault-file": "needed", "aws-sm": "allowed", "gcp-sm": "allowed"}


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a secret is; ``key`` is the name under which it stands in a JSON object there."""

    kind: str
    place: str
    key: str | None


def parse_reference(text: str) -> Reference:
    """Take a reference apart; raises ValueError saying what is wrong, and never repeats the text.

    What does not look like a reference may be the secret itself, put there by mistake.
    """
    kind, _, rest = text.partition(":")
    if kind not in _KEYS:
        raise ValueError(f"must name where the secret is, with one of: {', '.join(f'{one}:' for one in _KEYS)}")
    place, mark, key = (rest, "", "") if _KEYS[kind] == "none" else rest.partition("#")
    if not place.strip():
        raise ValueError(f"names no place after {kind}:")
    if not key and (mark or _KEYS[kind] == "needed"):
        raise ValueError(f"needs the name of a key, as in {kind}:PLACE#KEY")
    return Reference(kind, place, key or None)


def _checked(text: str) -> str:
    parse_reference(text)
    return text


SecretReference = Annotated[str, AfterValidator(_checked)]
"""A reference, as a field of what ``messaging.toml`` declares."""
