"""What the stack sets, and what it leaves as the caller has it."""

from pathlib import Path

import pytest

from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.settings import Settings
from messaging_pipeline.stack.child_environment import simulated_account, simulated_services, talks_to_real_twilio
from messaging_pipeline.stack.local_secrets import local_secrets
from messaging_pipeline.stack.readiness import SimulatorAddress

REAL_ACCOUNT = {"TWILIO_ACCOUNT_SID": "AC" + "a" * 32, "TWILIO_AUTH_TOKEN": "token"}
SIMULATOR = SimulatorAddress("http://127.0.0.1:4010", smtp_port=2525, seed=7, sendgrid_public_key="MF==")


def test_an_account_of_the_callers_is_real_twilio() -> None:
    assert talks_to_real_twilio(REAL_ACCOUNT)


@pytest.mark.parametrize("given", [{}, dict.fromkeys(REAL_ACCOUNT, ""), dict.fromkeys(REAL_ACCOUNT, " ")])
def test_without_an_account_the_simulator_stands_in(given: dict[str, str]) -> None:
    assert not talks_to_real_twilio(given)


@pytest.mark.parametrize("missing", REAL_ACCOUNT)
def test_half_an_account_is_refused_and_the_missing_half_named(missing: str) -> None:
    given = {name: value for name, value in REAL_ACCOUNT.items() if name != missing}
    with pytest.raises(InvalidSettings) as refused:
        talks_to_real_twilio(given)
    assert refused.value.setting == missing


def test_what_the_stack_makes_up_are_valid_settings(tmp_path: Path) -> None:
    secrets = local_secrets(tmp_path)
    made = {
        **simulated_account({}, secrets, port=3000),
        **simulated_services({}, SIMULATOR),
        "MESSAGING_ENCRYPTION_KEYS": secrets.encryption_key,
    }
    settings = Settings.from_environment(made)
    assert settings.sealing_keys() == [secrets.encryption_key]
    assert settings.api_base_url == SIMULATOR.url
    assert settings.status_callback_public_url == "http://127.0.0.1:3000/twilio/status"
    assert settings.inbound_webhook_public_url == "http://127.0.0.1:3000/twilio/inbound"


def test_a_messaging_service_of_the_callers_is_used_with_the_simulator_too(tmp_path: Path) -> None:
    given = {"TWILIO_MESSAGING_SERVICE_SID": "MG" + "b" * 32}
    assert given.keys().isdisjoint(simulated_account(given, local_secrets(tmp_path), port=3000))


@pytest.mark.parametrize("mail", [{"SMTP_URL": "smtp://mail.example.com"}, {"SENDGRID_API_KEY": "key"}])
def test_a_callers_own_way_to_send_mail_is_left_alone(mail: dict[str, str]) -> None:
    assert "SMTP_URL" not in simulated_services(mail, SIMULATOR)


def test_the_simulators_letters_are_believed_unless_the_caller_knows_a_key_of_sendgrids() -> None:
    assert simulated_services({}, SIMULATOR)["SENDGRID_WEBHOOK_PUBLIC_KEY"] == SIMULATOR.sendgrid_public_key
    assert "SENDGRID_WEBHOOK_PUBLIC_KEY" not in simulated_services({"SENDGRID_WEBHOOK_PUBLIC_KEY": "MA=="}, SIMULATOR)
