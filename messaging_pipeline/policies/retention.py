"""How long a tenant keeps what is in its messages, as ``[tenants.NAME.retention]`` says."""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

Days = Annotated[int, Field(ge=1, le=36_500)]

#: What is owed for a message is tried for about a month, and limits count by the month.
FEWEST_MESSAGE_DAYS = 60


@dataclass(frozen=True, config=ConfigDict(extra="forbid", hide_input_in_errors=True))
class RetentionPolicy:
    """In whole days; what is unset is kept for ever.

    ``body_days`` after its end, a message's content and fallback plan go; ``number_days`` after it, its recipient's
    number becomes a keyed hash. ``inbound_days`` after it came, what somebody wrote to us goes.
    ``consent_proof_days`` after a withdrawal, the IP addresses, browsers and words go that prove it, and that prove
    the grants which it ended.

    ``history_days`` after a message was accepted, the lines of its history may go. They go by whole months, for all
    tenants at once, so that the tenant who keeps them longest decides; one without the key keeps them for ever.

    ``message_days`` after a message was accepted and after it ended, its row goes, with all that hangs on it: a repeat
    with its idempotency key is a new message from then on. It needs the days of its content, number and history, and
    none of them may be longer.

    ``redact_at_twilio`` takes the same from Twilio: when a person is erased (``on_forget``), also when it goes here
    (``with_contents``), or as soon as a message has ended or come (``at_end``).
    """

    body_days: Days | None = None
    number_days: Days | None = None
    inbound_days: Days | None = None
    consent_proof_days: Days | None = None
    history_days: Days | None = None
    message_days: Annotated[int, Field(ge=FEWEST_MESSAGE_DAYS, le=36_500)] | None = None
    redact_at_twilio: Literal["never", "on_forget", "with_contents", "at_end"] = "never"

    @property
    def redacts_contents(self) -> bool:
        """Whether what goes here goes from Twilio too."""
        return self.redact_at_twilio in {"with_contents", "at_end"}

    @model_validator(mode="after")
    def _something_goes(self) -> Self:
        """What ended while no worker ran is redacted when its content goes here, so that must happen."""
        if self.redacts_contents and self.body_days is None and self.inbound_days is None:
            raise ValueError(f'redact_at_twilio = "{self.redact_at_twilio}" needs body_days or inbound_days')
        return self

    @model_validator(mode="after")
    def _content_goes_first(self) -> Self:
        """A text names the person more often than not, so a number that goes before it has not gone."""
        if self.number_days is not None and (self.body_days is None or self.body_days > self.number_days):
            raise ValueError("number_days needs body_days that are no longer: contents go before numbers")
        return self

    @model_validator(mode="after")
    def _rows_go_last(self) -> Self:
        """A row takes with it what it holds, so nothing of that can be wanted for longer."""
        if self.message_days is None:
            return self
        parts = {"body_days": self.body_days, "number_days": self.number_days, "history_days": self.history_days}
        longer = [name for name, days in parts.items() if days is None or days > self.message_days]
        if longer:
            raise ValueError(f"message_days needs {' and '.join(longer)} of at most as many: a row goes last")
        return self
