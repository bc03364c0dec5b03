"""What a gate says of a message, in words for people."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Self

Outcome = Literal["passes", "warns", "waits", "refused"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a message may go, and why.

    ``until`` is when one that ``waits`` may go, and for one that ``passes`` the time at which that ends, if it does.
    ``remedy`` says what can be done about a refusal or a warning.
    """

    outcome: Outcome
    reason: str
    until: datetime | None = None
    remedy: str = ""

    @classmethod
    def passes(cls, reason: str, until: datetime | None = None) -> Self:
        """It may go, until then if a time is given."""
        return cls("passes", reason, until)

    @classmethod
    def warns(cls, reason: str, remedy: str) -> Self:
        """It may go, but somebody should look at this."""
        return cls("warns", reason, remedy=remedy)

    @classmethod
    def waits(cls, until: datetime, reason: str) -> Self:
        """It may go later."""
        return cls("waits", reason, until)

    @classmethod
    def refused(cls, reason: str, remedy: str) -> Self:
        """It may not go."""
        return cls("refused", reason, remedy=remedy)


@dataclass(frozen=True, slots=True)
class Answer:
    """What one gate says."""

    gate: str
    verdict: Verdict
