"""The webhook tier does not start with settings under which it could verify or hand over nothing."""

from pathlib import Path

import pytest

from messaging_pipeline.errors import InvalidSettings
from tests.support.factories import configuration_file, settings
from webhooks.app import create_app

TENANT = """
[tenants.acme]
account_sid = "ACcccccccccccccccccccccccccccccccc"
auth_token = "{reference}"
"""


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"TWILIO_STATUS_CALLBACK_PUBLIC_URL": None}, "TWILIO_STATUS_CALLBACK_PUBLIC_URL"),
        ({"TWILIO_ACCOUNT_SID": None}, "TWILIO_ACCOUNT_SID"),
        ({"TWILIO_AUTH_TOKEN": None}, "TWILIO_AUTH_TOKEN"),
        ({"MESSAGING_ENCRYPTION_KEYS": None}, "MESSAGING_ENCRYPTION_KEYS"),
        ({"REDIS_URL": None}, "CELERY_BROKER_URL"),
    ],
)
def test_a_missing_setting_is_named(changes: dict[str, None], named: str) -> None:
    with pytest.raises(InvalidSettings) as refusal:
        create_app(settings(**changes))
    assert refusal.value.setting == named


def test_a_tenants_token_that_is_not_where_the_file_says_is_named(tmp_path: Path) -> None:
    config = configuration_file(tmp_path, TENANT.format(reference="env:NOWHERE"))
    with pytest.raises(InvalidSettings) as refusal:
        create_app(settings(MESSAGING_CONFIG=config))
    assert refusal.value.setting == "NOWHERE"


def test_a_tenant_of_the_file_is_enough(tmp_path: Path) -> None:
    secret = tmp_path / "token"
    secret.write_text("a-token\n")
    config = configuration_file(tmp_path, TENANT.format(reference=f"file:{secret}"))
    assert create_app(settings(MESSAGING_CONFIG=config, TWILIO_ACCOUNT_SID=None, TWILIO_AUTH_TOKEN=None)) is not None


def test_no_database_is_needed() -> None:
    assert create_app(settings(DATABASE_URL=None)) is not None
