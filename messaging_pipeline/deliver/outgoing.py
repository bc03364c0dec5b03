"""Turns a claimed message into the request that Twilio gets."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from messaging_pipeline.configuration import Configuration
from messaging_pipeline.deliver.attempts import Attempt
from messaging_pipeline.deliver.claims import ClaimedMessage
from messaging_pipeline.gates.question import sender_of
from messaging_pipeline.media.findings import Unfit
from messaging_pipeline.media.signing import MediaAddresses
from messaging_pipeline.messages.media_urls import ends_too_early
from messaging_pipeline.messages.stored_media import is_stored
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
    addresses: MediaAddresses
    callback_url: str | None

    def request(self, message: ClaimedMessage, now: datetime, leaves_by: datetime | None = None) -> CreateMessage:
        """Unseal the content, sign its media and name the sender; raises CannotUnseal, CannotSign and Unfit.

        Twilio may queue it until the message expires, and no longer than ``leaves_by``.
        """
        content = self.sealer.unseal(message.content)
        service = self.configuration.service(message.service, message.tenant)
        return CreateMessage(
            to=message.to_number,
            body=content["body"],
            media_urls=self._media_urls(message.tenant, content["media_urls"], now),
            messaging_service_sid=service.messaging_service_sid,
            from_=sender_of(service, message.from_number),
            validity_period_seconds=_validity_seconds(message.expires_at, leaves_by, now),
            provide_feedback=service.provide_feedback,
        )

    def _media_urls(self, tenant: str, urls: Sequence[str], now: datetime) -> tuple[str, ...]:
        """A signature that lived long enough when the message was accepted may have grown old since."""
        for number, url in enumerate(urls, start=1):
            if not is_stored(url) and ends_too_early(url, now):
                raise Unfit(f"media {number} expires less than 2 hours after the time of sending")
        return tuple(self.addresses.to_fetch(tenant, urls))

    def calling_back(self, request: CreateMessage, attempt: Attempt) -> CreateMessage:
        """Name the address at which Twilio reports on this attempt."""
        if self.callback_url is None:
            return request
        message = attempt.message
        url = status_callback_url(self.callback_url, message.id, message.tenant, attempt.number)
        return replace(request, status_callback=url)


def _validity_seconds(expires_at: datetime | None, leaves_by: datetime | None, now: datetime) -> int | None:
    ends = [end for end in (expires_at, leaves_by) if end is not None]
    if not ends:
        return None
    left = int((min(ends) - now).total_seconds())
    return max(_SHORTEST_VALIDITY_SECONDS, min(left, _LONGEST_VALIDITY_SECONDS))
