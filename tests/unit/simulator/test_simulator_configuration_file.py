"""The configuration file: what it can say, and how it is told that it is wrong."""

import tomllib
from pathlib import Path

import pytest

from messaging_pipeline.simulator.configuration import (
    AccountConfig,
    ConfigurationError,
    SenderConfig,
    ServiceConfig,
    SimulatorConfig,
)
from messaging_pipeline.simulator.configuration_file import read_document, read_file
from tests.support.simulated_twilio import OWN_NUMBER, SERVICE

COMPLETE = f"""
[accounts.shop]
sid = "ACshop"
token = "secret"

[accounts.clinic]
sid = "ACclinic"
token = "other secret"

[services.{SERVICE}]
account = "clinic"
senders = ["{OWN_NUMBER}"]
status_callback = "http://127.0.0.1:3000/twilio/status"
inbound_url = "http://127.0.0.1:3000/twilio/inbound"
fallback_url = "http://127.0.0.1:3000/twilio/fallback"
advanced_opt_out = true

[senders."{OWN_NUMBER}"]
account = "clinic"
mps = 3
capabilities = ["sms"]

[faults]
answer_lost = 0.02
latency_ms = 100
concurrency_limit = 50

[carrier]
receipt_seconds = [1, 2.5]
"""


def read(text: str) -> SimulatorConfig:
    return read_document(tomllib.loads(text), SimulatorConfig())


def test_everything_can_be_said() -> None:
    config = read(COMPLETE)

    assert config.accounts == (AccountConfig("ACshop", "secret"), AccountConfig("ACclinic", "other secret"))
    assert config.services == (
        ServiceConfig(
            SERVICE,
            account_sid="ACclinic",
            senders=(OWN_NUMBER,),
            status_callback="http://127.0.0.1:3000/twilio/status",
            inbound_url="http://127.0.0.1:3000/twilio/inbound",
            fallback_url="http://127.0.0.1:3000/twilio/fallback",
            advanced_opt_out=True,
        ),
    )
    assert config.senders == (SenderConfig(OWN_NUMBER, account_sid="ACclinic", mps=3, capabilities=frozenset({"sms"})),)
    assert (config.faults.answer_lost, config.faults.latency_ms, config.faults.concurrency_limit) == (0.02, 100, 50)
    assert config.carrier.receipt_seconds == (1, 2.5)
    assert not config.is_open


def test_an_empty_file_leaves_everything_as_it_was() -> None:
    assert read("") == SimulatorConfig()


def test_without_a_named_account_a_service_is_the_first_accounts() -> None:
    config = read(f'[accounts.a]\nsid = "AC1"\ntoken = "t"\n[services.{SERVICE}]\nsenders = ["{OWN_NUMBER}"]')

    assert config.services[0].account_sid == "AC1"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[fault]", "fault: there is no such section"),
        ("faults = 1", "faults: must be a table"),
        ("[faults]\nanswer_lots = 1", "faults.answer_lots: there is no such key"),
        ("[faults]\nanswer_lost = 1.5", "faults.answer_lost: must be a rate from 0 to 1"),
        ("[faults]\nlatency_ms = -1", "faults.latency_ms: must be a number, 0 or more"),
        ("[faults]\nlatency_ms = true", "faults.latency_ms: must be a number, 0 or more"),
        ("[faults]\nconcurrency_limit = 1.5", "faults.concurrency_limit: must be a whole number, 0 or more"),
        ("[carrier]\nread_seconds = [2, 1]", "carrier.read_seconds: must be two numbers, the smaller first"),
        ("[carrier]\nread_seconds = 1", "carrier.read_seconds: must be two numbers, the smaller first"),
        ("[accounts]\na = 1", "accounts.a: must be a table"),
        ('[accounts.a]\nsid = "AC1"', "accounts.a.token: is missing"),
        ('[services.MG1]\naccount = "x"', "services.MG1.account: there is no such account"),
        ('[services.MG1]\nsid = "x"', "services.MG1.sid: there is no such key"),
        ('[services.MG1]\nsenders = "+1"', "services.MG1.senders: must be a list of texts"),
        (
            '[services.MG1]\nsenders = ["+1"]\n[services.MG2]\nsenders = ["+1"]',
            "services.MG2.senders: a sender is in another service already",
        ),
        ("[services.MG1]\nadvanced_opt_out = 1", "services.MG1.advanced_opt_out: must be true or false"),
        ("[services.MG1]\ninbound_url = 1", "services.MG1.inbound_url: must be an http or https URL"),
        ('[services.MG1]\nstatus_callback = "x"', "services.MG1.status_callback: must be an http or https URL"),
        ("[accounts.a]\nsid = 1", "accounts.a.sid: must be a text"),
        ('[senders."+1"]\nmps = "x"', "senders.+1.mps: must be a number, more than 0"),
        ('[senders."+1"]\nmps = 0', "senders.+1.mps: must be a number, more than 0"),
    ],
)
def test_a_wrong_key_is_named(text: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(text)

    assert str(caught.value) == complaint


def test_a_file_that_is_not_toml_is_named(tmp_path: Path) -> None:
    path = tmp_path / "simulator.toml"
    path.write_text("[")

    with pytest.raises(ConfigurationError, match=r"simulator\.toml: is not TOML"):
        read_file(path, SimulatorConfig())


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"absent\.toml: cannot be read"):
        read_file(tmp_path / "absent.toml", SimulatorConfig())


def test_the_token_is_not_shown() -> None:
    assert "secret" not in repr(read(COMPLETE))
