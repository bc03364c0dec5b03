"""Senders and their queues: each drains at its own rate, counted in message segments."""

import re
from dataclasses import dataclass
from hashlib import sha256

from messaging_pipeline.simulator.configuration import SenderConfig

QUEUE_LIMIT_SECONDS = 36_000
"""A queue holds ten hours of a sender's traffic (https://www.twilio.com/docs/api/errors/21611)."""

_TOLL_FREE = re.compile(r"\+1(800|833|844|855|866|877|888)\d{7}")
_SHORT_CODE = re.compile(r"\d{5,6}")


@dataclass(slots=True)
class Sender:
    """One sender. Its queue is nothing but the moment at which it will be free again."""

    config: SenderConfig
    account_sid: str
    service_sid: str | None = None
    free_at: float = 0.0

    @property
    def address(self) -> str:
        """The number, short code or name that recipients see."""
        return self.config.address

    @property
    def sid(self) -> str:
        """The sid of a phone number, the same one in every run."""
        return "PN" + sha256(f"{self.account_sid} {self.address}".encode()).hexdigest()[:32]

    @property
    def is_phone_number(self) -> bool:
        """Whether it is a number, and not a short code or a name."""
        return self.address.startswith("+")

    @property
    def is_toll_free(self) -> bool:
        """Whether the network itself handles STOP for it."""
        return _TOLL_FREE.fullmatch(self.address) is not None

    @property
    def is_short_code(self) -> bool:
        """Whether keywords are the application's business."""
        return _SHORT_CODE.fullmatch(self.address) is not None

    @property
    def opt_out_scope(self) -> str:
        """What a STOP blocks: the whole service the sender is in, or the sender."""
        return self.service_sid or self.address

    def wait(self, now: float) -> float:
        """Return the seconds that a new message would stand in the queue; ``now`` in the same clock."""
        return max(0.0, self.free_at - now)

    def is_full(self, now: float) -> bool:
        """Say whether the queue already holds all it can."""
        return self.wait(now) > QUEUE_LIMIT_SECONDS

    def queued_segments(self, now: float) -> int:
        """Return how many segments stand in the queue."""
        return round(self.wait(now) * self.config.mps)

    def enqueue(self, segments: int, now: float) -> float:
        """Put a message at the end of the queue and return the seconds until it leaves."""
        wait = self.wait(now)
        self.free_at = now + wait + segments / self.config.mps
        return wait
