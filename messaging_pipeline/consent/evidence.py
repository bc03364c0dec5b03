"""What proves that somebody consented: words of the application's, an IP address, a browser. It is kept sealed."""

import ipaddress
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from messaging_pipeline.errors import InvalidInput
from messaging_pipeline.sealing import Sealer

LONGEST_CHARACTERS = 1000


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a statement can be found again, and from where it was made.

    ``proof`` is the application's own words: a form's name and version, the number of a record.
    """

    proof: str | None = None
    ip: str | None = None
    user_agent: str | None = None

    def sealed(self, sealer: Sealer) -> bytes | None:
        """Return what is stored; None where there is nothing to store."""
        told = {name: value for name, value in asdict(self).items() if value is not None}
        return sealer.seal(told) if told else None


def parse_evidence(told: Mapping[str, Any]) -> Evidence:
    """Read ``proof``, ``ip`` and ``user_agent``; raises InvalidInput naming the one that is wrong."""
    return Evidence(
        proof=_line(told.get("proof"), "proof"),
        ip=_address(told.get("ip")),
        user_agent=_line(told.get("user_agent"), "user_agent"),
    )


def stored_evidence(sealer: Sealer, sealed: bytes | None) -> Evidence:
    """Read back what was sealed; raises CannotUnseal."""
    return Evidence() if sealed is None else Evidence(**sealer.unseal(sealed))


def _line(value: object, field: str) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > LONGEST_CHARACTERS or not value.isprintable():
        raise InvalidInput(
            field,
            f"is not one line of at most {LONGEST_CHARACTERS} characters",
            "name the record that proves it, rather than copy it",
        )
    return value


def _address(value: object) -> str | None:
    if value is None or value == "":
        return None
    try:
        if isinstance(value, str):
            return str(ipaddress.ip_address(value.strip()))
    except ValueError:
        pass
    raise InvalidInput("ip", "is not an IP address", "write it as 192.0.2.17 or 2001:db8::17, or leave it out")
