"""What ``messaging.toml`` says about Twilio Lookup: whether it is asked, what that costs, how long an answer holds."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from messaging_pipeline.validation.shapes import CURRENCY

Cost = Annotated[Decimal, Field(ge=0, le=1_000, max_digits=10, decimal_places=6)]


@dataclass(frozen=True, config=ConfigDict(extra="forbid", hide_input_in_errors=True))
class LookupPolicy:
    """Ask Twilio what kind of line a number has before the first message to it, and again after ``days``.

    ``cost`` is what one look-up costs by your contract, in ``unit`` (ISO 4217); nothing is assumed. ``when_unanswered``
    says what becomes of a message when Twilio does not tell: it is sent all the same, or it waits.
    """

    cost: Cost
    unit: Annotated[str, CURRENCY]
    days: Annotated[int, Field(ge=1, le=365)] = 30
    when_unanswered: Literal["send", "wait"] = "send"
    enabled: bool = True
