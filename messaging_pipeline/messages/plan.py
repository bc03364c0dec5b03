"""A message's fallback plan: what to do, one step after the other, when it does not arrive."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

#: One mailbox in the plain form that every mail server takes: ASCII, no quoting, no comments (RFC 5321, 4.1.2).
EmailAddress = Annotated[str, StringConstraints(pattern=r"^[!#-'*+\-./0-9=?A-Z^_`a-z{|}~]{1,64}@[A-Za-z0-9.-]{1,253}$")]

MOST_STEPS = 5

LATE = "not_delivered_within"
"""The cause of a step that the clock has started."""

Cause = Literal[
    "undelivered",
    "failed",
    "expired",
    "rejected",
    "suppressed",
    "recipient",
    "content",
    "sender",
    "account",
    "transient",
    "throttled",
]
"""What a step may name: how a message ended, or whose fault its error code says it was."""

_STRICT = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class _Step(BaseModel):
    """When a step may start; without either, when the message has failed in any way but an opt-out."""

    model_config = _STRICT

    on: Annotated[tuple[Cause, ...], Field(min_length=1)] | None = None
    not_delivered_within: Annotated[float, Field(ge=1, le=7 * 86_400)] | None = None

    def as_json(self) -> dict[str, Any]:
        """The form that is sealed and stored."""
        return self.model_dump(mode="json", exclude_none=True)


class EmailStep(_Step):
    """An e-mail with the message's text, or one of its own."""

    channel: Literal["email"]
    to: EmailAddress
    subject: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\r\n]*$")] = "A message for you"
    body: Annotated[str, Field(min_length=1, max_length=100_000)] | None = None


Step = EmailStep
Plan = Annotated[tuple[Step, ...], Field(max_length=MOST_STEPS)]

_STORED: TypeAdapter[tuple[Step, ...]] = TypeAdapter(tuple[Step, ...])


def stored_plan(value: Sequence[Any]) -> tuple[Step, ...]:
    """Read a plan back that was stored with ``as_json``."""
    return _STORED.validate_python(value)
