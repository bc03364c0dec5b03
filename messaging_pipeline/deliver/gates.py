"""The gates at the moment of sending: the time is looked at again, and what the memory says bars a message."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType

from messaging_pipeline.configuration import Configuration
from messaging_pipeline.deliver.claims import ClaimedMessage
from messaging_pipeline.deliver.till import allowance_now
from messaging_pipeline.gates.order import ask_again
from messaging_pipeline.gates.question import question_about
from messaging_pipeline.gates.verdict import Answer, Verdict
from messaging_pipeline.messages.state_machine import Status

#: How often a message is looked at whose service is another tenant's now: it stands in nobody's way meanwhile.
_PUT_OFF = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Bar:
    """Where a barred message ends, and why."""

    status: Status
    reason: str


BARS: Mapping[str, Bar] = {
    "expired": Bar(Status.EXPIRED, "its time ran out before it could be sent"),
    "opted_out": Bar(Status.SUPPRESSED, "the recipient has opted out of messages from this service"),
    "no_consent": Bar(
        Status.SUPPRESSED,
        "messages of this intent need the recipient's consent, and the ledger has none; "
        "`messaging-pipeline consent import` enters it",
    ),
    "unknown_number": Bar(
        Status.REJECTED,
        "carriers have called the number unknown too often; `messaging-pipeline numbers clear` lets it try again",
    ),
    "landline": Bar(
        Status.REJECTED,
        "Twilio has said that the number is no mobile one; `messaging-pipeline numbers clear` lets it try again",
    ),
}
"""By the name that the statement ``turn_page`` gives them."""


def ask_about_the_time(
    configuration: Configuration,
    message: ClaimedMessage,
    now: datetime,
    used: Mapping[str, Decimal] = MappingProxyType({}),
) -> Answer:
    """Ask again whether now is a time to send; hours may have passed since the message was accepted.

    ``used`` is how much of the message's limits is used, as somebody has just read it.
    """
    service = configuration.services[message.service]
    if service.tenant != message.tenant:
        reason = "its service is another tenant's now; give it back, or cancel the message"
        return Answer("service", Verdict.waits(now + _PUT_OFF, reason))
    question = question_about(
        configuration,
        service,
        to=message.to_number,
        from_=message.from_number,
        tags=message.tags,
        at=now,
    )
    return ask_again(replace(question, allowance=allowance_now(configuration, message, now), used=used))
