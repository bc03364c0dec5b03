"""What the gates at the moment of sending mean: each bars a message with a status and a reason for people."""

from collections.abc import Mapping
from dataclasses import dataclass

from messaging_pipeline.messages.state_machine import Status


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where a barred message ends, and why."""

    status: Status
    reason: str


VERDICTS: Mapping[str, Verdict] = {
    "expired": Verdict(Status.EXPIRED, "its time ran out before it could be sent"),
    "opted_out": Verdict(Status.SUPPRESSED, "the recipient has opted out of messages from this service"),
    "unknown_number": Verdict(
        Status.REJECTED,
        "carriers have called the number unknown too often; `messaging-pipeline numbers clear` lets it try again",
    ),
}
"""By the name that the statement ``turn_page`` gives them."""
