"""What ``[tenants.NAME.consent]`` says: which messages need a yes, and how far a no reaches."""

from typing import Annotated, Literal

from pydantic import ConfigDict, StringConstraints
from pydantic.dataclasses import dataclass

EVERY_INTENT = "*"
"""In the place of an intent: every message, save what answers somebody who has just written."""

Intent = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Channel = Literal["sms", "email", "push", "http", "celery"]


@dataclass(frozen=True, config=ConfigDict(extra="forbid", hide_input_in_errors=True))
class ConsentPolicy:
    """Nothing needs a grant, and a fallback step that names ``suppressed`` runs, unless this says otherwise.

    ``required_for`` are the intents of messages that leave only with a grant in the ledger.
    ``opt_out_extends_to`` are the channels by which an opted-out recipient gets no fallback, whatever a step says.
    """

    required_for: tuple[Intent, ...] = ()
    opt_out_extends_to: tuple[Channel, ...] = ()
