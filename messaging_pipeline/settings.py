"""What the environment says, read once, checked, and handed on; nothing else reads ``os.environ``."""

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Literal, Self

from cryptography.fernet import Fernet
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)

from messaging_pipeline.connections.broker_addresses import is_broker_address
from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.secret_sources.reference import SecretReference
from messaging_pipeline.secret_sources.sources import SecretSources
from messaging_pipeline.validation.problems import first_problem
from messaging_pipeline.validation.shapes import sid
from messaging_pipeline.webhook_urls import WebhookUrl, WebUrl

REAL_TWILIO_API = "https://api.twilio.com"

CLUSTER_SCHEMES = ("redis+cluster://", "rediss+cluster://")
"""How a ``REDIS_URL`` begins that names a node of a Redis or Valkey Cluster."""

_LAST_PORT = 65_535
_MAKE_A_KEY = "make one with `messaging-pipeline keys new`"

AccountSid = Annotated[str, sid("AC", "Account SID")]
ApiKeySid = Annotated[str, sid("SK", "API key SID")]
MessagingServiceSid = Annotated[str, sid("MG", "Messaging Service SID")]
VerifyServiceSid = Annotated[str, sid("VA", "Verify Service SID")]


def _port(text: object) -> object:
    number = int(text) if isinstance(text, str) and text.isascii() and text.isdecimal() else text
    if not isinstance(number, int) or not 0 <= number <= _LAST_PORT:
        raise ValueError(f"is no port; give a number from 1 to {_LAST_PORT}")
    return number


#: Zero lets the system choose one.
Port = Annotated[int, Field(ge=0, le=_LAST_PORT), BeforeValidator(_port)]
MetricsPort = Annotated[int, Field(ge=1, le=_LAST_PORT), BeforeValidator(_port)]


class Settings(BaseModel):
    """Everything a process is told by its environment (12-factor). Secrets stay out of ``repr``."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, validate_default=True)

    account_sid: AccountSid | None = Field(
        None, alias="TWILIO_ACCOUNT_SID", description="Account SID (AC…) of the tenant `default`."
    )
    auth_token: SecretStr | None = Field(
        None, alias="TWILIO_AUTH_TOKEN", description="Its auth token: signs API calls and webhooks."
    )
    auth_token_secondary: SecretStr | None = Field(
        None,
        alias="TWILIO_AUTH_TOKEN_SECONDARY",
        description="A second token whose webhook signatures are accepted too, while you rotate.",
    )
    messaging_service_sid: MessagingServiceSid | None = Field(
        None, alias="TWILIO_MESSAGING_SERVICE_SID", description="Messaging Service (MG…) of the service `default`."
    )
    from_number: str | None = Field(
        None,
        alias="TWILIO_FROM_NUMBER",
        description="Sender of the service `default` when it has no Messaging Service.",
    )
    status_callback_url: WebhookUrl | None = Field(
        None,
        alias="TWILIO_STATUS_CALLBACK_URL",
        description="What Twilio is told to call; defaults to the public URL below.",
    )
    status_callback_public_url: WebhookUrl | None = Field(
        None,
        alias="TWILIO_STATUS_CALLBACK_PUBLIC_URL",
        description="The status webhook as Twilio sees it; signatures are verified against it.",
    )
    inbound_webhook_public_url: WebhookUrl | None = Field(
        None,
        alias="TWILIO_INBOUND_WEBHOOK_PUBLIC_URL",
        description="The inbound webhook as Twilio sees it; signatures are verified against it.",
    )
    voice_webhook_public_url: WebhookUrl | None = Field(
        None,
        alias="TWILIO_VOICE_WEBHOOK_PUBLIC_URL",
        description="The voice webhook as Twilio sees it; unset, it is beside the inbound webhook.",
    )
    api_base_url: WebUrl = Field(
        REAL_TWILIO_API,
        alias="TWILIO_API_BASE_URL",
        description="Where Twilio's REST API is; a simulator is another URL.",
    )
    accounts_api_base_url: WebUrl | None = Field(
        None,
        alias="TWILIO_ACCOUNTS_API_BASE_URL",
        description="Twilio's API for consent; unset, Twilio's own, or whatever stands in for the one above.",
    )
    messaging_api_base_url: WebUrl | None = Field(
        None,
        alias="TWILIO_MESSAGING_API_BASE_URL",
        description="Twilio's API for services; unset, Twilio's own, or whatever stands in for the first one.",
    )
    lookups_base_url: WebUrl | None = Field(
        None,
        alias="TWILIO_LOOKUPS_BASE_URL",
        description="Twilio's Lookup API; unset, Twilio's own, or whatever stands in for the first one.",
    )
    verify_base_url: WebUrl | None = Field(
        None,
        alias="TWILIO_VERIFY_BASE_URL",
        description="Twilio's Verify API; unset, Twilio's own, or whatever stands in for the first one.",
    )
    database_url: SecretStr | None = Field(None, alias="DATABASE_URL", description="Postgres 14 or newer: the memory.")
    database_replica_url: SecretStr | None = Field(
        None,
        alias="DATABASE_REPLICA_URL",
        description="A read replica of it, for the lists and exports of the command line; unset, they ask the primary.",
    )
    redis_url: SecretStr | None = Field(
        None,
        alias="REDIS_URL",
        description="Redis 6.2 or newer, or Valkey, or a cluster (`redis+cluster://`): token buckets and wake-ups.",
    )
    celery_broker_url: SecretStr | None = Field(
        None, alias="CELERY_BROKER_URL", description="Celery's broker (`redis://`, `amqp://`); defaults to `REDIS_URL`."
    )
    port: Port = Field(3000, alias="PORT", description="Where the webhook tier listens.")
    host: str = Field(
        "127.0.0.1", alias="HOST", description="The address the webhook tier is bound to; a proxy stands before it."
    )
    metrics_port: MetricsPort | None = Field(
        None,
        alias="MESSAGING_METRICS_PORT",
        description="Where this process serves its Prometheus metrics; unset means nowhere.",
    )
    metrics_host: str = Field(
        "127.0.0.1", alias="MESSAGING_METRICS_HOST", description="The address the metrics port is bound to."
    )
    metrics_folder: str | None = Field(
        None,
        alias="PROMETHEUS_MULTIPROC_DIR",
        description="An empty folder where the processes of a host count together, for one page; unset, each alone.",
    )
    log_format: Literal["text", "json"] = Field(
        "text",
        alias="MESSAGING_LOG_FORMAT",
        description="How a log line looks: `text` for people, or `json`, one object a line.",
    )
    traces_endpoint: WebUrl | None = Field(
        None,
        alias="OTEL_EXPORTER_OTLP_ENDPOINT",
        description="Where traces go, by OTLP over HTTP, with the extra `otel`; unset, none are made.",
    )
    config_path: str | None = Field(
        None, alias="MESSAGING_CONFIG", description="Path of `messaging.toml`: tenants and services."
    )
    encryption_keys: SecretStr | None = Field(
        None,
        alias="MESSAGING_ENCRYPTION_KEYS",
        description="Fernet keys, newest first, separated by commas; bodies at rest are sealed with the first.",
    )
    smtp_url: SecretStr | None = Field(
        None,
        alias="SMTP_URL",
        description="Mail server for fallback e-mail: `smtp://user:password@host:587?starttls=1` or `smtps://…`.",
    )
    sendgrid_api_key: SecretStr | None = Field(
        None, alias="SENDGRID_API_KEY", description="Sends fallback e-mail through SendGrid instead of SMTP."
    )
    sendgrid_api_base_url: WebUrl = Field(
        "https://api.sendgrid.com", alias="SENDGRID_API_BASE_URL", description="Where SendGrid's API is."
    )
    sendgrid_webhook_public_key: str | None = Field(
        None,
        alias="SENDGRID_WEBHOOK_PUBLIC_KEY",
        description="Verification key of SendGrid's signed event webhook; unset, its events are refused.",
    )
    fallback_email_from: str | None = Field(
        None, alias="FALLBACK_EMAIL_FROM", description="Sender address of fallback e-mail."
    )
    fcm_service_account: SecretReference | None = Field(
        None,
        alias="FCM_SERVICE_ACCOUNT",
        description="Where the tenant `default` has its Firebase service account (JSON), by reference: `file:PATH`, …",
    )
    fcm_api_base_url: WebUrl = Field(
        "https://fcm.googleapis.com",
        alias="FCM_API_BASE_URL",
        description="Where Firebase Cloud Messaging is, for fallback by push.",
    )
    lease_seconds: float = Field(
        60.0,
        alias="MESSAGING_LEASE_SECONDS",
        ge=5,
        le=3600,
        description="How long a worker may hold a message before the sweep takes it back.",
    )

    environment: Mapping[str, str] = Field(
        default_factory=dict,
        repr=False,
        exclude=True,
        description="All variables as they were, for the references to secrets in `messaging.toml`.",
    )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Read and check the settings; an empty variable counts as unset.

        Raises InvalidSettings naming the variable.
        """
        given = {name: value.strip() for name, value in environment.items() if value.strip()}
        try:
            return cls.model_validate({**given, "environment": given})
        except ValidationError as error:
            problem = first_problem(error, cls)
            raise InvalidSettings(problem.place, problem.reason, problem.remedy) from None

    @field_validator("encryption_keys")
    @classmethod
    def _keys_are_fernet_keys(cls, keys: SecretStr | None) -> SecretStr | None:
        for key in split_keys(keys):
            try:
                Fernet(key)
            except ValueError:
                raise ValueError(
                    "holds something that is not a Fernet key (32 bytes, URL-safe base64); " + _MAKE_A_KEY
                ) from None
        return keys

    @property
    def broker_url(self) -> str:
        """The broker's URL; raises InvalidSettings for none, for what is no broker's, and for a cluster's."""
        url = required(self.celery_broker_url or self.redis_url, "CELERY_BROKER_URL")
        if url.startswith(CLUSTER_SCHEMES):
            cure = "set CELERY_BROKER_URL to RabbitMQ (amqp://) or to a Redis of its own, beside REDIS_URL"
            raise InvalidSettings("CELERY_BROKER_URL", "is a Redis Cluster, which Celery cannot use as a broker", cure)
        if not is_broker_address(url):
            cure = "give redis://host:6379/0, rediss://..., or amqp://user:password@host:5672/vhost"
            raise InvalidSettings(self.broker_setting, "is not the address of a broker", cure)
        return url

    @property
    def broker_setting(self) -> str:
        """The variable that names the broker."""
        return "CELERY_BROKER_URL" if self.celery_broker_url or not self.redis_url else "REDIS_URL"

    @property
    def callback_url(self) -> str | None:
        """What Twilio is told to call about a message's status, or None to leave it to the service."""
        return self.status_callback_url or self.status_callback_public_url

    @cached_property
    def secrets(self) -> SecretSources:
        """Where the secrets are that ``messaging.toml`` names by reference; each place is asked once."""
        return SecretSources(self.environment)

    def read_secret(self, reference: str) -> str:
        """Follow a reference, such as ``env:NAME``, to a secret; raises InvalidSettings when nothing is there."""
        return self.secrets.read(reference)

    def sealing_keys(self) -> list[str]:
        """The encryption keys, newest first; raises InvalidSettings when there is none."""
        keys = split_keys(self.encryption_keys)
        if not keys:
            raise InvalidSettings(
                "MESSAGING_ENCRYPTION_KEYS",
                "is not set",
                "beside `messaging-pipeline up`, paste its export lines here; for an installation of your own make one "
                "with `messaging-pipeline keys new`, once, and set the same one everywhere",
            )
        return keys


def required(secret: SecretStr | None, name: str) -> str:
    """Return a setting that this process cannot do without; raises InvalidSettings when it is unset."""
    if secret is None:
        raise InvalidSettings(
            name,
            "is not set",
            "set the environment variable, or run `messaging-pipeline up` and paste its export lines here",
        )
    return secret.get_secret_value()


def split_keys(keys: SecretStr | None) -> list[str]:
    """Split the comma-separated list of keys."""
    text = keys.get_secret_value() if keys else ""
    return [key.strip() for key in text.split(",") if key.strip()]
