"""What a gate is told about a message."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from messaging_pipeline.configuration import Configuration, Service
from messaging_pipeline.ids import E164
from messaging_pipeline.policies.compliance import FirstMessage, QuietHours, Registration
from messaging_pipeline.spending.allowance import Allowance


@dataclass(frozen=True, slots=True)
class Question:
    """A message that is to leave at a time: to whom, from where, under which rules.

    ``sender`` is the number, short code or name that sends; None leaves the choice to the Messaging Service.
    ``body`` is there when a message is handed over; what is stored stays sealed. Waiting beyond ``expires_at``, where
    it is given, makes no sense. ``opted_out``, ``lacks_consent``, ``unknown_number``, ``landline`` and ``introduced``
    (told how to opt out) are what the memory says about the recipient; None where nobody has looked. ``allowance`` is
    what the message costs and counts towards, and ``used`` how much of each limit is used, by meter; of one that
    is not there, nobody has looked.
    """

    to: E164
    sender: str | None
    at: datetime
    tags: Mapping[str, str]
    registration: Registration
    quiet_hours: QuietHours | None
    first_message: FirstMessage | None = None
    body: str | None = None
    expires_at: datetime | None = None
    opted_out: bool | None = None
    lacks_consent: bool | None = None
    unknown_number: bool | None = None
    landline: bool | None = None
    introduced: bool | None = None
    allowance: Allowance | None = None
    used: Mapping[str, Decimal] = field(default_factory=dict)


def question_about(
    configuration: Configuration,
    service: Service,
    *,
    to: E164,
    from_: str | None,
    tags: Mapping[str, str],
    at: datetime,
) -> Question:
    """Put together what the configuration says about a message of a service."""
    return Question(
        to=to,
        sender=sender_of(service, from_),
        at=at,
        tags=tags,
        registration=service.registration,
        quiet_hours=configuration.quiet_hours_of(service),
        first_message=service.first_message,
    )


def sender_of(service: Service, from_: str | None) -> str | None:
    """Return what a message is sent from: its own choice, or else the service's; None is its Messaging Service."""
    return from_ or (None if service.messaging_service_sid else service.from_number)
