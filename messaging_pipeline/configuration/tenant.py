"""A Twilio account or subaccount, as the file declares it, with its secrets by name."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

from messaging_pipeline.policies.compliance import QuietHours
from messaging_pipeline.policies.consent import ConsentPolicy
from messaging_pipeline.policies.inbound_media import InboundMediaPolicy
from messaging_pipeline.policies.keywords import KeywordPolicy
from messaging_pipeline.policies.lookup import LookupPolicy
from messaging_pipeline.policies.retention import RetentionPolicy
from messaging_pipeline.policies.spending import CountryPolicy, SpendCaps
from messaging_pipeline.secret_sources.reference import SecretReference
from messaging_pipeline.settings import AccountSid, ApiKeySid, VerifyServiceSid

_STRICT = ConfigDict(extra="forbid", hide_input_in_errors=True)


@dataclass(frozen=True, config=_STRICT)
class Tenant:
    """A Twilio account or subaccount, one for each tenant; its secrets are named by reference and never written here.

    With ``api_key`` (SK...) and ``api_key_secret`` the API is called with that key, and the tokens only tell whether
    Twilio has signed: no API key ever signs a webhook.
    ``api_concurrency`` is how many API requests may be under way at once for the account, by all workers
    together; unset, nobody counts. ``verify_service_sid`` (VA...) is the Verify service for one-time codes, and
    ``verify_concurrency`` how many codes may be asked for at once (checks are not counted).
    ``reconcile_share`` is the part of ``api_concurrency`` that reconciliation may use.
    ``fcm_service_account`` names where the service account of its Firebase project is, for fallback by push.
    ``retention`` says when contents and numbers go; unset, they never do. ``quiet_hours`` are those of its services
    that have none of their own, and so is ``lookup``. ``spend`` caps what the tenant may spend, and ``countries`` say
    where it may write to.
    ``inbound_media`` says where files that people send are copied to; unset, they stay at Twilio. ``consent``
    says what needs a yes, and how far a no reaches.
    """

    account_sid: AccountSid
    auth_token: SecretReference
    auth_token_secondary: SecretReference | None = None
    api_key: ApiKeySid | None = None
    api_key_secret: SecretReference | None = None
    api_concurrency: Annotated[int, Field(ge=1, le=10_000)] | None = None
    verify_service_sid: VerifyServiceSid | None = None
    verify_concurrency: Annotated[int, Field(ge=1, le=10_000)] | None = None
    reconcile_share: Annotated[float, Field(gt=0, le=1)] = 0.1
    fcm_service_account: SecretReference | None = None
    keywords: KeywordPolicy = Field(default_factory=KeywordPolicy)
    retention: RetentionPolicy | None = None
    quiet_hours: QuietHours | None = None
    spend: SpendCaps | None = None
    countries: CountryPolicy | None = None
    inbound_media: InboundMediaPolicy | None = None
    consent: ConsentPolicy = Field(default_factory=ConsentPolicy)
    lookup: LookupPolicy | None = None

    @model_validator(mode="after")
    def _a_key_has_its_secret(self) -> Self:
        if (self.api_key is None) is not (self.api_key_secret is None):
            raise ValueError("has half an API key; give both api_key and api_key_secret, or neither")
        return self
