"""A step on its way out: what every channel is told, and what each must be able to do with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import NAMESPACE_OID, UUID, uuid5

from messaging_pipeline.fallback.letters import Posted
from messaging_pipeline.ids import MessageId
from messaging_pipeline.messages.plan import Step


@dataclass(frozen=True, slots=True)
class Leaving:
    """One step with its message. ``from_`` is the sender that the message had asked for, if any."""

    step: Step
    message_id: MessageId
    number: int
    tenant: str
    service: str
    to: str
    from_: str | None
    body: str | None
    media_urls: Sequence[str]
    cause: str
    error_code: int | None
    tags: Mapping[str, str]

    @property
    def token(self) -> str:
        """The step's name: the same whenever it is tried."""
        return token_of(self.message_id, self.number)

    def text(self, between: str) -> str:
        """The message's own words and media links."""
        return between.join(part for part in [self.body or "", *self.media_urls] if part).strip()

    def facts(self) -> dict[str, object]:
        """What may be told to others in clear: no number, no word of the message."""
        return {
            "step": self.token,
            "message_id": str(self.message_id),
            "tenant": self.tenant,
            "service": self.service,
            "cause": self.cause,
            "error_code": self.error_code,
            "tags": dict(self.tags),
        }


class Channel(Protocol):
    """A way to reach somebody. It raises nothing for what the network or the other side does."""

    def send(self, leaving: Leaving) -> Posted:
        """Send one step, with a connect and a read timeout wherever it calls somebody."""


def token_of(message_id: UUID, number: int) -> str:
    """Return the name of a message's step."""
    return f"{message_id}-{number}"


def message_of_step(message_id: UUID, number: int) -> UUID:
    """Return the id of the message that a step by SMS becomes: the same whenever it is tried."""
    return uuid5(NAMESPACE_OID, token_of(message_id, number))
