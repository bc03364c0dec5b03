"""A message's fallback plan: what to do when it has failed for good."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

#: One mailbox in the plain form that every mail server takes: ASCII, no quoting, no comments (RFC 5321, 4.1.2).
EmailAddress = Annotated[str, StringConstraints(pattern=r"^[!#-'*+\-./0-9=?A-Z^_`a-z{|}~]{1,64}@[A-Za-z0-9.-]{1,253}$")]


class EmailStep(BaseModel):
    """An e-mail with the message's text, or one of its own."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    channel: Literal["email"]
    to: EmailAddress
    subject: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\r\n]*$")] = "A message for you"
    body: Annotated[str, Field(min_length=1, max_length=100_000)] | None = None

    def as_json(self) -> dict[str, Any]:
        """The form that is sealed and stored."""
        return self.model_dump()
