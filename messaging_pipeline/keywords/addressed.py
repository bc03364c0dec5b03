"""Which service an inbound message belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass

from messaging_pipeline.configuration import DEFAULT_SERVICE, Configuration


@dataclass(frozen=True, slots=True)
class Addressed:
    """A service of the tenant, if there is any. It is a guess when Twilio's form names neither it nor its number.

    ``beside`` are the other services behind the same sender.
    """

    service: str | None
    is_guess: bool
    beside: tuple[str, ...] = ()


def addressed(configuration: Configuration, tenant: str, form: Mapping[str, str]) -> Addressed:
    """Find the service by the Messaging Service, else by the number that was written to, else the tenant's default.

    A tenant with a single service leaves nothing to guess.
    """
    own = {key: service for key, service in configuration.services.items() if service.tenant == tenant}
    sid, to = form.get("MessagingServiceSid"), form.get("To")
    by_sid = [key for key, service in own.items() if sid and service.messaging_service_sid == sid]
    by_number = [key for key, service in own.items() if to and service.from_number == to and key not in by_sid]
    if found := by_sid + by_number:
        return Addressed(found[0], is_guess=False, beside=tuple(found[1:]))
    if len(own) == 1:
        return Addressed(next(iter(own)), is_guess=False)
    return Addressed(DEFAULT_SERVICE if DEFAULT_SERVICE in own else None, is_guess=True)
