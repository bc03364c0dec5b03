"""Tenants, services and limits as ``messaging.toml`` declares them; with no file, one of each from the environment."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator
from pydantic.dataclasses import dataclass

from messaging_pipeline.compliance_policy import FirstMessage, QuietHours, Registration, TimeZone
from messaging_pipeline.consent_policy import ConsentPolicy
from messaging_pipeline.errors import InvalidInput, InvalidSettings
from messaging_pipeline.fallback_receivers import Receiver, refuse_receivers_of_nobody
from messaging_pipeline.ids import E164, ServiceKey, TenantKey
from messaging_pipeline.inbound_media_policy import InboundMediaPolicy
from messaging_pipeline.keyword_policy import KeywordPolicy, refuse_handlers_of_others
from messaging_pipeline.media_policy import MediaPolicy, refuse_unknown_tenants
from messaging_pipeline.messages.phone_numbers import country_of, parse_sender
from messaging_pipeline.messages.plan import HttpStep, Plan, SmsStep, Step
from messaging_pipeline.retention_policy import RetentionPolicy
from messaging_pipeline.routing import Route, RouteName, Way, refuse_wrong_routes, way_to
from messaging_pipeline.secret_sources.reference import SecretReference
from messaging_pipeline.settings import AccountSid, ApiKeySid, MessagingServiceSid, Settings, VerifyServiceSid
from messaging_pipeline.spending_policy import CountryPolicy, Prices, SpendCaps, refuse_caps_without_prices
from messaging_pipeline.ticket_policy import TicketPolicy
from messaging_pipeline.validation import first_problem

DEFAULT_TENANT = TenantKey("default")
DEFAULT_SERVICE = ServiceKey("default")

_DEFAULT_SEGMENTS_PER_SECOND = 10.0
_STRICT = ConfigDict(extra="forbid", hide_input_in_errors=True)


def _sender(text: str) -> str:
    try:
        return parse_sender(text, "from_number")
    except InvalidInput as error:
        raise ValueError(f"{error.reason}; {error.remedy}") from None


Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Sender = Annotated[str, AfterValidator(_sender)]


@dataclass(frozen=True, config=_STRICT)
class Service:
    """A way out: one Messaging Service or number, with its own rate.

    ``segments_per_second`` is what Twilio grants the sender, in message segments (MPS); ``burst_segments``
    is how many may leave at once after a pause. ``daily_cap`` names one of ``[caps]``, and ``inbound_tickets`` one of
    ``[tickets]``, where what people write to it goes.

    ``transient_retries`` is how often a message that Twilio turned away for a passing reason is tried again;
    ``undelivered_retries`` how often one that a carrier could not deliver just then, the first time after about
    ``undelivered_retry_seconds``, each later one after twice as long. ``when_unconfirmed`` says what becomes of a
    message that may have been sent when no evidence has come ``unconfirmed_after_seconds`` after its attempt.
    ``fallback`` is the plan of messages that bring none.

    ``twilio_handles_keywords`` tells that Twilio answers STOP, START and HELP by itself, as it does unless it was
    told otherwise; short codes without Advanced Opt-Out are the usual exception. ``first_message`` is what the first
    message to somebody says about opting out.

    ``smart_encoding`` replaces look-alikes of plain characters in texts that do not say themselves. ``media_http``
    permits media addresses without TLS; ``media_check`` has workers look at media before they are sent, and
    ``media_private_hosts`` are the hosts that may then be at private addresses. ``mms_link_fallback`` sends an SMS
    with links after media that could not arrive. ``provide_feedback`` announces to Twilio that outcomes will be
    reported, and ``missed_call_text`` answers calls that nobody took. ``spend`` caps what the service may spend.
    ``landline_days`` is how long a number is left alone that turned out to be no mobile one; unset, it is tried again.
    """

    tenant: Key = DEFAULT_TENANT
    messaging_service_sid: MessagingServiceSid | None = None
    from_number: Sender | None = None
    segments_per_second: Annotated[float, Field(ge=0.001, le=10_000)] = _DEFAULT_SEGMENTS_PER_SECOND
    burst_segments: Annotated[int, Field(ge=1, le=10_000)] | None = None
    daily_cap: Key | None = None
    inbound_tickets: Key | None = None
    transient_retries: Annotated[int, Field(ge=0, le=100)] = 10
    undelivered_retries: Annotated[int, Field(ge=0, le=10)] = 2
    undelivered_retry_seconds: Annotated[float, Field(ge=0.1, le=86_400)] = 60.0
    when_unconfirmed: Literal["hold", "resend", "fallback"] = "hold"
    unconfirmed_after_seconds: Annotated[float, Field(ge=1, le=86_400)] = 900.0
    registration: Registration = Field(default_factory=Registration)
    quiet_hours: QuietHours | None = None
    first_message: FirstMessage | None = None
    fallback: Plan = ()
    twilio_handles_keywords: bool = True
    keywords: KeywordPolicy = Field(default_factory=KeywordPolicy)
    smart_encoding: bool = False
    media_http: bool = False
    media_check: bool = False
    media_private_hosts: tuple[str, ...] = ()
    mms_link_fallback: bool = False
    provide_feedback: bool = False
    missed_call_text: Annotated[str, Field(min_length=1, max_length=1600)] | None = None
    spend: SpendCaps | None = None
    landline_days: Annotated[int, Field(ge=1, le=365)] | None = None

    @property
    def burst(self) -> int:
        """Burst in segments; one second's worth, and at least one, unless configured."""
        return self.burst_segments or max(1, int(self.segments_per_second))

    @property
    def has_sender(self) -> bool:
        """Whether there is anything to send from."""
        return bool(self.messaging_service_sid or self.from_number)


@dataclass(frozen=True, config=_STRICT)
class Tenant:
    """A Twilio account or subaccount, one for each tenant; its secrets are named by reference and never written here.

    With ``api_key`` (SK...) and ``api_key_secret`` the API is called with that key, and the tokens only tell whether
    Twilio has signed: no API key ever signs a webhook.
    ``api_concurrency`` is how many API requests may be under way at once for the account, by all workers
    together; unset, nobody counts. ``verify_service_sid`` (VA...) is the Verify service for one-time codes, and
    ``verify_concurrency`` how many requests may be under way to it. ``reconcile_share`` is the part of
    ``api_concurrency`` that reconciliation may use.
    ``fcm_service_account`` names where the service account of its Firebase project is, for fallback by push.
    ``retention`` says when contents and numbers go; unset, they never do. ``quiet_hours`` are those of its services
    that have none of their own. ``spend`` caps what the tenant may spend, and ``countries`` say where it may write to.
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

    @model_validator(mode="after")
    def _a_key_has_its_secret(self) -> Self:
        if (self.api_key is None) is not (self.api_key_secret is None):
            raise ValueError("has half an API key; give both api_key and api_key_secret, or neither")
        return self


@dataclass(frozen=True, config=_STRICT)
class DailyCap:
    """What may leave for a brand or a sender on one day, in segments; the day begins at ``reset_hour`` of its zone."""

    segments_per_day: Annotated[int, Field(ge=1)]
    reset_hour: Annotated[int, Field(ge=0, le=23)] = 0
    time_zone: TimeZone = "America/Los_Angeles"

    def zone(self) -> ZoneInfo:
        """Return the zone whose clock begins the day."""
        return ZoneInfo(self.time_zone)


Age = Annotated[float, Field(gt=0, le=35 * 86_400)]


@dataclass(frozen=True, config=_STRICT)
class ReconcilePolicy:
    """When Twilio is asked about messages that have gone quiet.

    ``ask_after_seconds`` are the ages of the last news at which it is asked, the last one repeated; after
    ``give_up_after_seconds`` without any news the message is left where it was last seen. ``list_every_seconds``
    is how often Twilio's lists are read for what never reached us.
    """

    ask_after_seconds: Annotated[tuple[Age, ...], Field(min_length=1)] = (120, 600, 3600, 14_400, 43_200, 86_400)
    give_up_after_seconds: Annotated[float, Field(ge=1)] = 3 * 86_400
    list_every_seconds: Annotated[float, Field(ge=1)] = 300


class Configuration(BaseModel):
    """All tenants, services, caps and fallback receivers, by key, and how reconciliation goes about its work."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    tenants: dict[Key, Tenant] = Field(default_factory=dict)
    services: dict[Key, Service] = Field(default_factory=dict)
    tickets: dict[Key, TicketPolicy] = Field(default_factory=dict)
    caps: dict[Key, DailyCap] = Field(default_factory=dict)
    receivers: dict[Key, Receiver] = Field(default_factory=dict)
    reconcile: ReconcilePolicy = Field(default_factory=ReconcilePolicy)
    quiet_hours: QuietHours | None = None
    media: MediaPolicy = Field(default_factory=MediaPolicy)
    routes: dict[RouteName, Route] = Field(default_factory=dict)
    prices: Prices | None = None

    def service(self, key: str, tenant: str) -> Service:
        """Return a tenant's service; raises InvalidInput when that tenant has none of this name."""
        service = self.services.get(key)
        if service is None or service.tenant != tenant:
            known = ", ".join(sorted(name for name, one in self.services.items() if one.tenant == tenant))
            raise InvalidInput(
                "service",
                f"tenant {tenant!r} has no service of this name" if tenant in self.tenants else "is unknown",
                f"use one of: {known}" if known else "declare it in messaging.toml",
            )
        return service

    def keyword_policies(self) -> dict[str, tuple[str, KeywordPolicy]]:
        """Return every policy about keywords by its place in the file, each with the tenant whose it is."""
        of_tenants = {f"tenants.{key}": (key, tenant.keywords) for key, tenant in self.tenants.items()}
        return of_tenants | {f"services.{key}": (one.tenant, one.keywords) for key, one in self.services.items()}

    def quiet_hours_of(self, service: Service) -> QuietHours | None:
        """Return the quiet hours that a service keeps: its own, or its tenant's, or else those of all."""
        tenant = self.tenants.get(service.tenant)
        policy = service.quiet_hours or (tenant and tenant.quiet_hours) or self.quiet_hours
        return policy if policy is not None and policy.enabled else None

    def way(self, name: str, tenant: str, to: E164) -> Way | None:
        """Return where a tenant's route of this name leads for a recipient; None when the name is a service's.

        That is so when there is no such route, or when it does not know the country and a service has its name.
        Raises InvalidInput when the route leads nowhere.
        """
        route = self.routes.get(name, {})
        if not any(self.services[service].tenant == tenant for service in route):
            return None
        country = country_of(to)
        way = way_to(route, name, country)
        if way is None and name not in self.services:
            raise InvalidInput("to", f"route {name!r} leads nowhere for {country}", f"give {country} or * a service")
        return way

    def check_plan(self, plan: Sequence[Step], tenant: str) -> None:
        """Raise InvalidInput when a step names a service or a receiver that the tenant does not have."""
        for position, step in enumerate(plan):
            field = f"fallback.{position}"
            if isinstance(step, HttpStep):
                self._check_receiver(step.to, tenant, f"{field}.to")
            if isinstance(step, SmsStep) and step.service is not None:
                self._check_service(step.service, tenant, f"{field}.service")

    def _check_receiver(self, key: str, tenant: str, field: str) -> None:
        receiver = self.receivers.get(key)
        if receiver is None or receiver.tenant != tenant:
            raise InvalidInput(
                field, "is no receiver of this tenant's", "declare it in messaging.toml, or name another"
            )

    def _check_service(self, key: str, tenant: str, field: str) -> None:
        try:
            self.service(key, tenant)
        except InvalidInput as error:
            raise InvalidInput(field, error.reason, error.remedy) from None


def load_configuration(settings: Settings) -> Configuration:
    """Read ``MESSAGING_CONFIG`` and add what the environment alone declares.

    Raises InvalidSettings naming the key in the file and what is wrong with it.
    """
    declared = _read(Path(settings.config_path), settings) if settings.config_path else Configuration()
    tenants = {**_tenant_of_the_environment(settings), **declared.tenants}
    services = {**_service_of_the_environment(settings, declared), **declared.services}
    configuration = declared.model_copy(update={"tenants": tenants, "services": services})
    _refuse_orphans(configuration, settings)
    _refuse_desks_of_others(configuration, settings)
    refuse_receivers_of_nobody(configuration.receivers, {*tenants, DEFAULT_TENANT}, settings.config_path)
    _refuse_rivals(configuration, settings)
    tenants_of_receivers = {key: receiver.tenant for key, receiver in configuration.receivers.items()}
    refuse_handlers_of_others(configuration.keyword_policies(), tenants_of_receivers, settings.config_path)
    tenant_of = {key: service.tenant for key, service in configuration.services.items()}
    refuse_wrong_routes(configuration.routes, tenant_of, settings.config_path)
    _refuse_shared_accounts(configuration, settings)
    refuse_unknown_tenants(configuration.media, {DEFAULT_TENANT, *tenants}, settings.config_path)
    caps_of_tenants = {key: tenant.spend for key, tenant in tenants.items()}
    caps_of_services = {key: service.spend for key, service in services.items()}
    refuse_caps_without_prices(configuration.prices, caps_of_tenants, caps_of_services, settings.config_path)
    return configuration


def _read(path: Path, settings: Settings) -> Configuration:
    try:
        return Configuration.model_validate(_completed(tomllib.loads(path.read_text("utf-8")), settings))
    except OSError as error:
        raise InvalidSettings(
            "MESSAGING_CONFIG", f"{path} cannot be read ({error.strerror})", "correct the path"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidSettings("MESSAGING_CONFIG", f"{path} is not valid TOML ({error})", "correct the file") from None
    except ValidationError as error:
        place, reason = first_problem(error)
        raise InvalidSettings(f"MESSAGING_CONFIG {place}", f"{reason} (in {path})", "correct the file") from None


def _completed(declared: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """The file may say more about the tenant of the environment without repeating its account."""
    tenant = declared.get("tenants", {}).get(DEFAULT_TENANT) if isinstance(declared.get("tenants", {}), dict) else None
    if isinstance(tenant, dict) and "account_sid" not in tenant:
        declared["tenants"][DEFAULT_TENANT] = {**_account_of_the_environment(settings), **tenant}
    return declared


def _account_of_the_environment(settings: Settings) -> Mapping[str, Any]:
    if settings.account_sid is None:
        return {}
    account = {"account_sid": settings.account_sid, "auth_token": "env:TWILIO_AUTH_TOKEN"}
    return account | (
        {"auth_token_secondary": "env:TWILIO_AUTH_TOKEN_SECONDARY"} if settings.auth_token_secondary else {}
    )


def _tenant_of_the_environment(settings: Settings) -> Mapping[str, Tenant]:
    account = _account_of_the_environment(settings)
    return {DEFAULT_TENANT: Tenant(**account)} if account else {}


def _service_of_the_environment(settings: Settings, declared: Configuration) -> Mapping[str, Service]:
    named = settings.messaging_service_sid or settings.from_number
    if declared.services and not named:
        return {}
    try:
        return {
            DEFAULT_SERVICE: Service(
                messaging_service_sid=settings.messaging_service_sid, from_number=settings.from_number
            )
        }
    except ValidationError as error:
        _, reason = first_problem(error)
        raise InvalidSettings("TWILIO_FROM_NUMBER", reason, "correct the environment variable") from None


def _refuse_rivals(configuration: Configuration, settings: Settings) -> None:
    """Two services that would answer the same missed calls leave nobody to decide."""
    answering: dict[tuple[str, str | None], str] = {}
    for key, service in configuration.services.items():
        if service.missed_call_text is None:
            continue
        rival = answering.setdefault((service.tenant, service.from_number), key)
        if rival != key:
            raise InvalidSettings(
                f"MESSAGING_CONFIG services.{key}.missed_call_text",
                f"{rival!r} answers the same calls (in {settings.config_path})",
                "give the text to one of them, or each a from_number of its own",
            )


def _refuse_desks_of_others(configuration: Configuration, settings: Settings) -> None:
    for key, service in configuration.services.items():
        desk = configuration.tickets.get(service.inbound_tickets or "")
        if service.inbound_tickets is not None and (desk is None or desk.tenant != service.tenant):
            raise InvalidSettings(
                f"MESSAGING_CONFIG services.{key}.inbound_tickets",
                f"tenant {service.tenant!r} has no ticket desk {service.inbound_tickets!r} (in {settings.config_path})",
                f"declare [tickets.{service.inbound_tickets}] with this tenant, or name another desk",
            )


def _refuse_orphans(configuration: Configuration, settings: Settings) -> None:
    for key, service in configuration.services.items():
        _refuse_plan(configuration, key, service, settings)
        if service.daily_cap is not None and service.daily_cap not in configuration.caps:
            raise InvalidSettings(
                f"MESSAGING_CONFIG services.{key}.daily_cap",
                f"there is no cap {service.daily_cap!r} (in {settings.config_path})",
                f"declare [caps.{service.daily_cap}], or name another cap",
            )
        if service.tenant not in configuration.tenants and service.tenant != DEFAULT_TENANT:
            raise InvalidSettings(
                f"MESSAGING_CONFIG services.{key}.tenant",
                f"there is no tenant {service.tenant!r} (in {settings.config_path})",
                f"declare [tenants.{service.tenant}], or name another tenant",
            )


def _refuse_plan(configuration: Configuration, key: str, service: Service, settings: Settings) -> None:
    try:
        configuration.check_plan(service.fallback, service.tenant)
    except InvalidInput as error:
        place = f"MESSAGING_CONFIG services.{key}.{error.field}"
        raise InvalidSettings(place, f"{error.reason} (in {settings.config_path})", error.remedy) from None


def _refuse_shared_accounts(configuration: Configuration, settings: Settings) -> None:
    """Two tenants in one account would read each other's messages in Twilio's lists, and sign with one token."""
    owners: dict[str, str] = {}
    for key, tenant in configuration.tenants.items():
        owner = owners.setdefault(tenant.account_sid.lower(), key)
        if owner != key:
            raise InvalidSettings(
                f"MESSAGING_CONFIG tenants.{key}.account_sid",
                f"tenant {owner!r} has the same account (in {settings.config_path})",
                "give each tenant an account or a subaccount of its own",
            )
