"""Which service an inbound message belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass

from messaging_pipeline.configuration import DEFAULT_SERVICE, Configuration


@dataclass(frozen=True, slots=True)
class Addressed:
    """A service of the tenant, if there is any. It is a guess when Twilio's form names neither it nor its number."""

    service: str | None
    is_guess: bool


def addressed(configuration: Configuration, tenant: str, form: Mapping[str, str]) -> Addressed:
    """Find the service by the Messaging Service, else by the number that was written to, else the tenant's default.

    A tenant with a single service leaves nothing to guess.
    """
    own = {key: service for key, service in configuration.services.items() if service.tenant == tenant}
    sid, to = form.get("MessagingServiceSid"), form.get("To")
    for key, service in own.items():
        if sid and service.messaging_service_sid == sid:
            return Addressed(key, is_guess=False)
    for key, service in own.items():
        if to and service.from_number == to:
            return Addressed(key, is_guess=False)
    if len(own) == 1:
        return Addressed(next(iter(own)), is_guess=False)
    return Addressed(DEFAULT_SERVICE if DEFAULT_SERVICE in own else None, is_guess=True)
