"""Credentials are tried once when a worker starts: wrong ones stop it, and a Twilio that is away does not."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from messaging_pipeline.configuration import load_configuration
from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.queues import Queue
from messaging_pipeline.simulator.configuration import AccountConfig, SimulatorConfig
from messaging_pipeline.simulator.in_thread import simulator_in_thread
from messaging_pipeline.twilio_api.accounts import Accounts
from tests.plugins.runtimes import ACME_ACCOUNT_SID, TWO_TENANTS
from tests.support.factories import ACCOUNT_SID, AUTH_TOKEN, configuration_file, settings
from tests.support.stand_in import Script, answering, never_answering, refusing, stand_in
from workers.credentials import calls_twilio, refuse_wrong_credentials

ACME_TOKEN, KEY, KEY_SECRET = "token-of-acme", "SK" + "d" * 32, "secret-of-the-key"
OF_A_KEY = f"""
[tenants.acme]
account_sid = "{ACME_ACCOUNT_SID}"
auth_token = "env:NOT_HERE"
api_key = "{KEY}"
api_key_secret = "file:SECRET"

[services.acme-alerts]
tenant = "acme"
from_number = "+15005550006"
"""
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def twilio() -> Iterator[str]:
    """Twilio with two accounts, of which one has a key."""
    acme = AccountConfig(ACME_ACCOUNT_SID, ACME_TOKEN, api_keys=(f"{KEY}:{KEY_SECRET}",))
    accounts = (AccountConfig(ACCOUNT_SID, AUTH_TOKEN), acme)
    with simulator_in_thread(SimulatorConfig(accounts=accounts, smtp_port=None)) as it:
        yield it.url


def tried(url: str, config: str | None = None, *, patience_seconds: float = 5.0, **changes: str | None) -> None:
    read = settings(TWILIO_API_BASE_URL=url, MESSAGING_CONFIG=config, **changes)
    configuration = load_configuration(read)
    accounts = Accounts(read, configuration, 2)
    try:
        refuse_wrong_credentials(accounts, configuration, patience_seconds=patience_seconds)
    finally:
        accounts.close()


@contextmanager
def said(caplog: pytest.LogCaptureFixture, level: int) -> Iterator[list[str]]:
    """Collect what is logged meanwhile, all of it at this level."""
    caplog.set_level(logging.INFO)
    lines: list[str] = []
    yield lines
    assert {record.levelno for record in caplog.records} <= {level}
    lines += [record.getMessage() for record in caplog.records]


def test_good_credentials_are_not_worth_a_word(twilio: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with said(caplog, logging.INFO) as lines:
        tried(twilio, configuration_file(tmp_path, TWO_TENANTS))
    assert lines == []


def test_a_wrong_token_is_named_and_not_repeated(twilio: str) -> None:
    with pytest.raises(InvalidSettings, match=r"^TWILIO_AUTH_TOKEN: .*'default'.*HTTP 401, error 20003") as refusal:
        tried(twilio, TWILIO_AUTH_TOKEN="hunter2-hunter2")
    assert "hunter2" not in str(refusal.value)


def test_when_all_are_refused_one_is_named_and_the_others_are_counted(twilio: str, tmp_path: Path) -> None:
    config = configuration_file(tmp_path, TWO_TENANTS)
    with pytest.raises(InvalidSettings, match="and 1 more"):
        tried(twilio, config, TWILIO_AUTH_TOKEN="wrong", ACME_AUTH_TOKEN="wrong")


def test_a_tenant_that_is_refused_keeps_no_other_from_sending(
    twilio: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with said(caplog, logging.ERROR) as lines:
        tried(twilio, configuration_file(tmp_path, TWO_TENANTS), ACME_AUTH_TOKEN="wrong")
    (line,) = lines
    assert line.startswith("ACME_AUTH_TOKEN: does not open the account of tenant 'acme'")


def test_a_tenant_that_sends_nothing_is_not_asked_for(twilio: str, tmp_path: Path) -> None:
    nobody_sends = TWO_TENANTS.partition("[services")[0]
    tried(twilio, configuration_file(tmp_path, nobody_sends), ACME_AUTH_TOKEN="wrong")


def test_a_key_that_may_not_read_its_account_is_tried_on_what_it_may(twilio: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    config = configuration_file(tmp_path, OF_A_KEY.replace("SECRET", str(secret)))
    of_acme_alone = {"TWILIO_ACCOUNT_SID": None, "TWILIO_AUTH_TOKEN": None, "TWILIO_MESSAGING_SERVICE_SID": None}
    secret.write_text(KEY_SECRET)
    tried(twilio, config, **of_acme_alone)
    secret.write_text("wrong")
    with pytest.raises(InvalidSettings, match=rf"^file:{secret}: does not open the account of tenant 'acme'"):
        tried(twilio, config, **of_acme_alone)


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (answering(503), "answered HTTP 503"),
        (refusing(429, 20429), "too many requests"),
        (refusing(403, 70051), "HTTP 403, error 70051"),
        (never_answering, "within 0.2 seconds"),
    ],
    ids=["broken", "throttled", "not permitted", "silent"],
)
def test_a_twilio_that_does_not_say_is_no_reason_not_to_start(
    script: Script, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    with said(caplog, logging.WARNING) as lines, stand_in(script) as server:
        tried(server.url, patience_seconds=0.2 if script is never_answering else 5.0)
    (line,) = lines
    assert why in line
    assert len(server.requests) == 1


def test_neither_is_one_that_is_not_there(caplog: pytest.LogCaptureFixture) -> None:
    with said(caplog, logging.WARNING) as lines:
        tried(NOWHERE)
    (line,) = lines
    assert "credentials of 1 tenant(s)" in line


def test_an_address_that_knows_no_such_account_is_refused_as_its_messages_would_be() -> None:
    with stand_in(refusing(404, 20404)) as server, pytest.raises(InvalidSettings, match=r"TWILIO_AUTH_TOKEN: .*404"):
        tried(server.url)


def test_a_worker_whose_tasks_do_not_call_twilio_asks_nothing() -> None:
    assert not calls_twilio({Queue.STATUS.value, Queue.FALLBACK.value})
    assert calls_twilio({Queue.STATUS.value, Queue.MAINTENANCE.value})
    assert calls_twilio({Queue.DELIVER.value})
