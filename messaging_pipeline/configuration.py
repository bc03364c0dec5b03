"""Tenants and services as ``messaging.toml`` declares them; with no file, one of each from the environment."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.dataclasses import dataclass

from messaging_pipeline.errors import InvalidInput, InvalidSettings
from messaging_pipeline.ids import ServiceKey, TenantKey
from messaging_pipeline.messages.phone_numbers import parse_sender
from messaging_pipeline.settings import AccountSid, MessagingServiceSid, Settings
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
SecretReference = Annotated[str, StringConstraints(pattern=r"^(env|file):.+$")]
Sender = Annotated[str, AfterValidator(_sender)]


@dataclass(frozen=True, config=_STRICT)
class Service:
    """A way out: one Messaging Service or number, with its own rate.

    ``segments_per_second`` is what Twilio grants the sender, in message segments (MPS); ``burst_segments``
    is how many may leave at once after a pause.
    """

    tenant: Key = DEFAULT_TENANT
    messaging_service_sid: MessagingServiceSid | None = None
    from_number: Sender | None = None
    segments_per_second: Annotated[float, Field(ge=0.001, le=10_000)] = _DEFAULT_SEGMENTS_PER_SECOND
    burst_segments: Annotated[int, Field(ge=1, le=10_000)] | None = None

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
    """A Twilio account or subaccount; its tokens are named by reference and never written here."""

    account_sid: AccountSid
    auth_token: SecretReference
    auth_token_secondary: SecretReference | None = None


class Configuration(BaseModel):
    """All tenants and services, by key."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    tenants: dict[Key, Tenant] = Field(default_factory=dict)
    services: dict[Key, Service] = Field(default_factory=dict)

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


def load_configuration(settings: Settings) -> Configuration:
    """Read ``MESSAGING_CONFIG`` and add what the environment alone declares.

    Raises InvalidSettings naming the key in the file and what is wrong with it.
    """
    declared = _read(Path(settings.config_path)) if settings.config_path else Configuration()
    tenants = {**_tenant_of_the_environment(settings), **declared.tenants}
    services = {**_service_of_the_environment(settings, declared), **declared.services}
    configuration = Configuration(tenants=tenants, services=services)
    _refuse_orphans(configuration, settings)
    return configuration


def _read(path: Path) -> Configuration:
    try:
        return Configuration.model_validate(tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        raise InvalidSettings(
            "MESSAGING_CONFIG", f"{path} cannot be read ({error.strerror})", "correct the path"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidSettings("MESSAGING_CONFIG", f"{path} is not valid TOML ({error})", "correct the file") from None
    except ValidationError as error:
        place, reason = first_problem(error)
        raise InvalidSettings(f"MESSAGING_CONFIG {place}", f"{reason} (in {path})", "correct the file") from None


def _tenant_of_the_environment(settings: Settings) -> Mapping[str, Tenant]:
    if settings.account_sid is None:
        return {}
    second = "env:TWILIO_AUTH_TOKEN_SECONDARY" if settings.auth_token_secondary else None
    return {DEFAULT_TENANT: Tenant(settings.account_sid, "env:TWILIO_AUTH_TOKEN", second)}


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


def _refuse_orphans(configuration: Configuration, settings: Settings) -> None:
    for key, service in configuration.services.items():
        if service.tenant not in configuration.tenants and service.tenant != DEFAULT_TENANT:
            raise InvalidSettings(
                f"MESSAGING_CONFIG services.{key}.tenant",
                f"there is no tenant {service.tenant!r} (in {settings.config_path})",
                f"declare [tenants.{service.tenant}], or name another tenant",
            )
