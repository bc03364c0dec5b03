"""Turns a claimed message into the request that Twilio gets."""

from dataclasses import dataclass, replace
from datetime import datetime

from messaging_pipeline.configuration import Configuration
from messaging_pipeline.deliver.attempts import Attempt
from messaging_pipeline.deliver.claims import ClaimedMessage
from messaging_pipeline.sealing import Sealer
from messaging_pipeline.twilio_api.callback_urls import status_callback_url
from messaging_pipeline.twilio_api.client import CreateMessage

#: Twilio's range for ValidityPeriod, in seconds.
_SHORTEST_VALIDITY_SECONDS = 1
_LONGEST_VALIDITY_SECONDS = 36_000


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Knows what goes into a create request beside the message itself."""

    sealer: Sealer
    configuration: Configuration
    callback_url: str | None

    def request(self, message: ClaimedMessage, now: datetime) -> CreateMessage:
        """Unseal the content and name the sender; raises CannotUnseal."""
        content = self.sealer.unseal(message.content)
        service = self.configuration.service(message.service, message.tenant)
        return CreateMessage(
            to=message.to_number,
            body=content["body"],
            media_urls=tuple(content["media_urls"]),
            messaging_service_sid=service.messaging_service_sid,
            from_=message.from_number or (None if service.messaging_service_sid else service.from_number),
            validity_period_seconds=_validity_seconds(message.expires_at, now),
        )

    def calling_back(self, request: CreateMessage, attempt: Attempt) -> CreateMessage:
        """Name the address at which Twilio reports on this attempt."""
        if self.callback_url is None:
            return request
        message = attempt.message
        url = status_callback_url(self.callback_url, message.id, message.tenant, attempt.number)
        return replace(request, status_callback=url)


def _validity_seconds(expires_at: datetime | None, now: datetime) -> int | None:
    if expires_at is None:
        return None
    left = int((expires_at - now).total_seconds())
    return max(_SHORTEST_VALIDITY_SECONDS, min(left, _LONGEST_VALIDITY_SECONDS))
