"""How senders are registered, and where they may write to: campaigns, toll-free verifications, geo permissions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from twilio.rest import Client

from messaging_pipeline.twilio_api.asking import ask
from messaging_pipeline.twilio_api.lists import Lists
from messaging_pipeline.twilio_api.remote_messages import Missing, NotTold
from messaging_pipeline.twilio_api.wire import PooledHttpClient

_MOST_LISTED = 200

CampaignState = Literal["approved", "pending", "rejected"]
VerificationState = Literal["verified", "pending", "rejected"]

_OF_CAMPAIGNS: Mapping[str, CampaignState] = {
    "VERIFIED": "approved",
    "PENDING": "pending",
    "IN_PROGRESS": "pending",
    "FAILED": "rejected",
    "SUSPENDED": "rejected",
}
_OF_VERIFICATIONS: Mapping[str, VerificationState] = {
    "TWILIO_APPROVED": "verified",
    "PENDING_REVIEW": "pending",
    "IN_REVIEW": "pending",
    "TWILIO_REJECTED": "rejected",
}


@dataclass(frozen=True, slots=True)
class Campaign:
    """A service's 10DLC campaign (https://www.twilio.com/docs/messaging/api/usapptoperson-resource).

    ``state`` is Twilio's ``word`` in ours, None for a word that is not known here. ``error_codes`` say why it was
    rejected; a ``is_mock`` campaign is for tests, and its messages go nowhere.
    """

    word: str
    state: CampaignState | None
    use_case: str | None
    has_links: bool
    is_mock: bool
    error_codes: tuple[int, ...]
    samples: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Verification:
    """The verification of a toll-free number (https://www.twilio.com/docs/messaging/api/tollfree-verification-resource)."""

    word: str
    state: VerificationState | None


class Registrations:
    """What an account has registered. Every call is made once, raises nothing of the wire's, and may be Missing."""

    def __init__(self, client: Client, wire: PooledHttpClient) -> None:
        self._client = client
        self._wire = wire
        self._lists = Lists(wire)

    def campaigns(self, service_sid: str) -> tuple[Campaign, ...] | Missing | NotTold:
        """Ask for the campaigns of a Messaging Service; there is one at most, or none."""
        campaigns = self._client.messaging.v1.services(service_sid).us_app_to_person
        return self._lists.read(self._client.messaging, campaigns, _campaign, _MOST_LISTED)

    def verifications(self, number_sid: str) -> tuple[Verification, ...] | Missing | NotTold:
        """Ask for the verifications of a toll-free number."""
        verifications = self._client.messaging.v1.tollfree_verifications
        return self._lists.read(
            self._client.messaging, verifications, _verification, _MOST_LISTED, tollfree_phone_number_sid=number_sid
        )

    def other_senders(self, service_sid: str) -> tuple[str, ...] | Missing | NotTold:
        """Ask for the short codes and the alphanumeric senders of a Messaging Service."""
        service, domain = self._client.messaging.v1.services(service_sid), self._client.messaging
        codes = self._lists.read(domain, service.short_codes, lambda one: str(one.short_code), _MOST_LISTED)
        if not isinstance(codes, tuple):
            return codes
        names = self._lists.read(domain, service.alpha_senders, lambda one: str(one.alpha_sender), _MOST_LISTED)
        return codes + names if isinstance(names, tuple) else names

    def countries(self) -> Mapping[str, bool] | Missing | NotTold:
        """Ask which countries the account may write to, by their codes (ISO 3166)."""
        return ask(self._wire, self._client.accounts.v1.messaging_geopermissions.fetch, _permissions)


def _campaign(record: Any) -> Campaign:
    word = str(record.campaign_status or "")
    errors = record.errors if isinstance(record.errors, list) else []
    samples = record.message_samples if isinstance(record.message_samples, list) else []
    return Campaign(
        word=word,
        state=_OF_CAMPAIGNS.get(word),
        use_case=record.us_app_to_person_usecase or None,
        has_links=record.has_embedded_links is True,
        is_mock=record.mock is True,
        error_codes=tuple(code for one in errors if isinstance(code := _member(one, "error_code"), int)),
        samples=tuple(one for one in samples if isinstance(one, str)),
    )


def _verification(record: Any) -> Verification:
    word = str(record.status or "")
    return Verification(word, _OF_VERIFICATIONS.get(word))


def _permissions(record: Any) -> Mapping[str, bool]:
    return {
        str(_member(one, "country_code")): _member(one, "enabled") is True
        for one in record.permissions or ()
        if _member(one, "country_code")
    }


def _member(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, Mapping) else None
