"""What a decision depends on beside the outcome: how much patience a service has, and what was tried before."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from messaging_pipeline.configuration import Service


@dataclass(frozen=True, slots=True)
class Policy:
    """How often, and after how long, a service tries again; see ``configuration.Service``."""

    transient_retries: int = 10
    undelivered_retries: int = 2
    undelivered_retry_seconds: float = 60.0

    @classmethod
    def of(cls, service: Service | None) -> Self:
        """Return a service's policy; one that is no longer configured has the usual one."""
        if service is None:
            return cls()
        return cls(service.transient_retries, service.undelivered_retries, service.undelivered_retry_seconds)


@dataclass(frozen=True, slots=True)
class History:
    """What was tried for a message until now.

    ``attempts`` counts all requests, the one just made included; ``retries`` those that the budget has paid for.
    ``names_its_sender`` says that the message itself, not its service, chose the sender.
    """

    attempts: int
    retries: int = 0
    names_its_sender: bool = False
    expires_at: datetime | None = None
