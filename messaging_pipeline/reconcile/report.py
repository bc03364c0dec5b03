"""What a run may cost, and what it found."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

Finding = Literal[
    "moved",
    "unchanged",
    "bound",
    "undecided",
    "missing",
    "given_up",
    "held",
    "resent",
    "fell_back",
    "inbound",
    "foreign",
]
"""What can be found.

moved      a message that Twilio told news of
unchanged  a message that was asked about in vain
bound      an attempt in doubt whose message was found
undecided  an attempt in doubt that something at Twilio may belong to
missing    a message that Twilio does not have
given_up   a message that nobody asks about any more
held       a message that stays in doubt until a person decides
resent     a message in doubt that is sent again, as its service wants it
fell_back  a message in doubt that has failed, as its service wants it
inbound    a message from a person that had not reached us
foreign    a message at Twilio that is not ours
"""

Ending = Literal["throttled", "unreachable", "refused", "limit"]
"""Why nobody asked any further."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one run may cost for each tenant; None is without limit.

    ``throttled_tries`` is how often a question that was throttled is asked again before the run ends early;
    ``patience_seconds`` how long it is waited for another process to have done with the tenant.
    """

    requests: int | None = None
    seconds: float | None = None
    throttled_tries: int = 0
    patience_seconds: float = 0.0


@dataclass(slots=True)
class Report:
    """What a run found, how many requests it took, and what kept it from asking, per tenant."""

    findings: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    endings: dict[str, Ending] = field(default_factory=dict)
    not_asked: int = 0
    busy: list[str] = field(default_factory=list)

    def found(self, finding: Finding, count: int = 1) -> None:
        """Count findings."""
        if count:
            self.findings[finding] += count

    @property
    def is_complete(self) -> bool:
        """Whether everything that was to be asked was asked."""
        return not self.endings and not self.not_asked and not self.busy
