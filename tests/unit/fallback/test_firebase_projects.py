"""Whose Firebase project is whose, and what is said of a service account that is none."""

import json
from pathlib import Path

import pytest

from messaging_pipeline.configuration import load_configuration
from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.fallback.firebase import firebase_projects
from messaging_pipeline.settings import Settings
from messaging_pipeline.simulator.service_account import account_json
from tests.plugins.runtimes import TWO_TENANTS
from tests.support.factories import configuration_file, settings

ACCOUNT = account_json("https://oauth2.example.com")


def projects(made: Settings) -> set[str]:
    return set(firebase_projects(made, load_configuration(made)))


def of_acme(folder: Path) -> str:
    text = TWO_TENANTS.replace("[services", 'fcm_service_account = "env:ACME_FIREBASE"\n\n[services')
    return configuration_file(folder, text)


def test_the_environments_project_is_the_default_tenants_alone(tmp_path: Path) -> None:
    path = configuration_file(tmp_path, TWO_TENANTS)
    made = settings(MESSAGING_CONFIG=path, FCM_SERVICE_ACCOUNT="env:FIREBASE", FIREBASE=json.dumps(ACCOUNT))
    assert projects(made) == {"default"}
    assert projects(settings(MESSAGING_CONFIG=path)) == set()


def test_a_tenant_brings_its_own(tmp_path: Path) -> None:
    made = settings(MESSAGING_CONFIG=of_acme(tmp_path), ACME_FIREBASE=json.dumps(ACCOUNT))
    assert projects(made) == {"acme"}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("not JSON, and secret", "not JSON"),
        ("[]", "without project_id"),
        (json.dumps({**ACCOUNT, "token_uri": ""}), "without token_uri"),
        (json.dumps({**ACCOUNT, "private_key": "secret"}), "private_key that is none"),
    ],
    ids=["no JSON", "no account", "no token_uri", "no key"],  # another key is made in every process
)
def test_what_is_no_service_account_stops_the_process_and_is_not_repeated(tmp_path: Path, text: str, word: str) -> None:
    with pytest.raises(InvalidSettings, match=word) as refusal:
        projects(settings(FCM_SERVICE_ACCOUNT="env:FIREBASE", FIREBASE=text))
    assert refusal.value.setting == "FCM_SERVICE_ACCOUNT"
    assert "secret" not in str(refusal.value)
    with pytest.raises(InvalidSettings, match=word) as refusal:
        projects(settings(MESSAGING_CONFIG=of_acme(tmp_path), ACME_FIREBASE=text))
    assert refusal.value.setting == "MESSAGING_CONFIG tenants.acme.fcm_service_account"


def test_the_account_itself_in_place_of_a_reference_is_refused() -> None:
    with pytest.raises(InvalidSettings, match="FCM_SERVICE_ACCOUNT: must name where the secret is"):
        settings(FCM_SERVICE_ACCOUNT=json.dumps(ACCOUNT))
