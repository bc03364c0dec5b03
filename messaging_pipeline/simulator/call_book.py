"""The signed calls that came to our receivers."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class SignedCall:
    """A call as it came; ``received_at`` in Unix seconds, ``document`` is its JSON."""

    receiver: str
    idempotency_key: str
    is_genuine: bool
    received_at: float
    document: Any


class CallBook:
    """Every call that came, the forged ones too; a repeat of a genuine one is known by its key and not kept."""

    def __init__(self) -> None:
        self._calls: list[SignedCall] = []

    def keep(self, call: SignedCall) -> None:
        """Write a call down, unless a genuine one had its key before."""
        before = (one for one in self._calls if one.is_genuine)
        if not any(one.idempotency_key == call.idempotency_key for one in before):
            self._calls.append(call)

    def as_rows(self) -> list[dict[str, Any]]:
        """Return the calls, ready for JSON."""
        return [asdict(call) for call in self._calls]
