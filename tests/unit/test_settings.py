"""Settings: read once, checked by name, and silent about secrets."""

import pytest

from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.runtime import build_runtime
from messaging_pipeline.settings import REAL_TWILIO_API, Settings
from tests.support.factories import ENCRYPTION_KEY, environment, settings


def test_an_empty_environment_is_enough_to_read() -> None:
    read = Settings.from_environment({})
    assert (read.api_base_url, read.port, read.callback_url) == (REAL_TWILIO_API, 3000, None)


def test_an_empty_variable_counts_as_unset() -> None:
    assert Settings.from_environment({"TWILIO_ACCOUNT_SID": " "}).account_sid is None


def test_the_broker_is_redis_unless_another_is_named() -> None:
    assert settings(REDIS_URL="redis://r/1").broker_url == "redis://r/1"
    assert settings(CELERY_BROKER_URL="amqp://b//").broker_url == "amqp://b//"


@pytest.mark.parametrize(
    "url",
    [
        "redis://localhost",
        "redis://:secret@r:6379/0",
        "rediss://r/1?ssl_cert_reqs=required",
        "redis+socket:///run/valkey.sock?virtual_host=1",
        "sentinel://a:26379;sentinel://b:26379",
        "amqp://me:secret@b:5672/a/vhost",
        "amqps://b//",
        "pyamqp://b",
    ],
)
def test_what_celery_can_connect_to_is_a_broker(url: str) -> None:
    assert settings(CELERY_BROKER_URL=url).broker_url == url


@pytest.mark.parametrize(
    "url",
    ["hunter2", "https://hunter2@b", "redis://r/hunter2", "redis://r:hunter2", "amqp://b;hunter2", "amqp:hunter2"],
)
def test_what_is_no_broker_is_named_and_not_repeated(url: str) -> None:
    for variable, others in (("CELERY_BROKER_URL", {}), ("REDIS_URL", {"CELERY_BROKER_URL": None})):
        with pytest.raises(InvalidSettings, match=r"amqp://user:password@host") as refusal:
            _ = settings(**{variable: url, **others}).broker_url
        assert refusal.value.setting == variable
        assert "hunter2" not in str(refusal.value)


def test_twilio_is_told_the_public_url_unless_another_is_given() -> None:
    assert settings().callback_url == "https://sms.example.com/twilio/status"
    assert (
        settings(TWILIO_STATUS_CALLBACK_URL="https://other.example.com/x").callback_url == "https://other.example.com/x"
    )


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("TWILIO_ACCOUNT_SID", "SK123"),
        ("TWILIO_MESSAGING_SERVICE_SID", "MG123"),
        ("TWILIO_STATUS_CALLBACK_PUBLIC_URL", "sms.example.com/twilio/status"),
        ("TWILIO_API_BASE_URL", "ftp://example.com"),
        ("PORT", "http"),
        ("PORT", "70000"),
        ("MESSAGING_METRICS_PORT", "0"),
        ("MESSAGING_LEASE_SECONDS", "1"),
        ("MESSAGING_ENCRYPTION_KEYS", "too-short"),
    ],
)
def test_a_wrong_value_names_its_variable_and_is_not_repeated(variable: str, value: str) -> None:
    with pytest.raises(InvalidSettings) as refusal:
        settings(**{variable: value})
    assert refusal.value.setting == variable
    assert f"{value!r}" not in str(refusal.value)


@pytest.mark.parametrize(
    "url",
    ["http://sms.example.com/twilio/status", "http://8.8.8.8/x", "http://[::g]/"],
)
def test_what_twilio_is_told_needs_tls_over_the_internet(url: str) -> None:
    for variable in ("TWILIO_STATUS_CALLBACK_PUBLIC_URL", "TWILIO_INBOUND_WEBHOOK_PUBLIC_URL"):
        with pytest.raises(InvalidSettings, match="must start with https://") as refusal:
            settings(**{variable: url})
        assert refusal.value.setting == variable


@pytest.mark.parametrize(
    "host", ["127.0.0.1:3000", "localhost", "webhooks:3000", "10.0.0.7", "[::1]:3000", "a.internal"]
)
def test_inside_our_own_network_it_needs_none(host: str) -> None:
    url = f"http://{host}/twilio/status"
    assert settings(TWILIO_STATUS_CALLBACK_PUBLIC_URL=url).callback_url == url


def test_secrets_are_in_no_representation() -> None:
    read = settings(SMTP_URL="smtp://me:hunter2@mail.example.com", SENDGRID_API_KEY="SG.secret")
    for secret in ("token-of-the-default-tenant", "hunter2", "SG.secret", ENCRYPTION_KEY, "nowhere"):
        assert secret not in repr(read)
        assert secret not in str(read)


def test_keys_are_required_where_something_is_sealed() -> None:
    with pytest.raises(InvalidSettings) as refusal:
        settings(MESSAGING_ENCRYPTION_KEYS=None).sealing_keys()
    assert refusal.value.setting == "MESSAGING_ENCRYPTION_KEYS"
    assert "paste its export lines here" in refusal.value.remedy
    assert "set the same one everywhere" in refusal.value.remedy


def test_who_has_set_nothing_is_not_sent_to_make_a_key() -> None:
    nothing = Settings.from_environment({})
    with pytest.raises(InvalidSettings, match="paste its export lines here") as refusal:
        build_runtime(nothing, name="test")
    assert refusal.value.setting == "DATABASE_URL"


def test_a_reference_leads_to_a_secret_in_the_environment_or_in_a_file(tmp_path) -> None:
    file = tmp_path / "token"
    file.write_text("from-a-file\n")
    read = Settings.from_environment(environment(ACME_AUTH_TOKEN="from-the-environment"))
    assert read.read_secret("env:ACME_AUTH_TOKEN") == "from-the-environment"
    assert read.read_secret(f"file:{file}") == "from-a-file"


@pytest.mark.parametrize("reference", ["env:NOBODY_SET_THIS", "file:/nowhere/token"])
def test_a_reference_that_leads_nowhere_is_named(reference: str) -> None:
    with pytest.raises(InvalidSettings, match="holds no secret"):
        settings().read_secret(reference)
