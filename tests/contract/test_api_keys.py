"""API keys: they open the REST API for their account, and no webhook is ever signed with one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from messaging_pipeline.configuration import load_configuration
from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.ids import E164
from messaging_pipeline.simulator.configuration import AccountConfig, SimulatorConfig
from messaging_pipeline.simulator.in_thread import simulator_in_thread
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.twilio_api.accounts import Accounts
from messaging_pipeline.twilio_api.client import CreateMessage
from messaging_pipeline.twilio_api.outcome import Accepted, Outcome, Refused
from messaging_pipeline.twilio_api.remote_messages import AccountRefused, MessagePage
from tests.plugins.runtimes import ACME_ACCOUNT_SID
from tests.support.factories import ACCOUNT_SID, AUTH_TOKEN, configuration_file, settings
from tests.support.webhook_receiver import WebhookReceiver, webhook_receiver

KEY, KEY_SECRET, ACME_TOKEN = "SK" + "d" * 32, "secret-of-the-key", "token-of-acme"
SENDERS = {"default": "+12065550100", "acme": "+12065550101"}
WITH_KEY = f"""
[tenants.acme]
account_sid = "{ACME_ACCOUNT_SID}"
auth_token = "env:ACME_AUTH_TOKEN"
api_key = "{KEY}"
api_key_secret = "env:ACME_KEY_SECRET"
"""


@pytest.fixture
def simulator(receiver: WebhookReceiver) -> Iterator[Simulator]:
    """Twilio with two accounts, of which one has a key; it ends before its receiver does."""
    acme = AccountConfig(ACME_ACCOUNT_SID, ACME_TOKEN, api_keys=(f"{KEY}:{KEY_SECRET}",))
    config = SimulatorConfig(accounts=(AccountConfig(ACCOUNT_SID, AUTH_TOKEN), acme), speed=200.0, smtp_port=None)
    with simulator_in_thread(config) as it:
        yield it


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with webhook_receiver() as it:
        yield it


def accounts(simulator: Simulator, folder: Path, config: str = WITH_KEY, **changes: str | None) -> Accounts:
    given = {"ACME_KEY_SECRET": KEY_SECRET, "TWILIO_API_BASE_URL": simulator.url, **changes}
    read = settings(MESSAGING_CONFIG=configuration_file(folder, config), **given)
    return Accounts(read, load_configuration(read), 2)


def created(of: Accounts, tenant: str, callback: str | None = None) -> Outcome:
    message = CreateMessage(to=E164("+15005551001"), body="Hello", from_=SENDERS[tenant], status_callback=callback)
    try:
        return of.of(tenant).create(message)
    finally:
        of.close()


def test_with_an_api_key_messages_are_created_without_the_accounts_token(simulator: Simulator, tmp_path: Path) -> None:
    outcome = created(accounts(simulator, tmp_path, ACME_AUTH_TOKEN=None), "acme")
    assert isinstance(outcome, Accepted)


def test_with_an_api_key_the_accounts_own_messages_are_listed(simulator: Simulator, tmp_path: Path) -> None:
    created(accounts(simulator, tmp_path), "acme")
    created(accounts(simulator, tmp_path), "default")
    both = accounts(simulator, tmp_path)
    try:
        pages = [both.of(tenant).list_messages() for tenant in ("acme", "default")]
    finally:
        both.close()
    sids = [[one.sid for one in page.messages] for page in pages if isinstance(page, MessagePage)]
    assert [len(one) for one in sids] == [1, 1]
    assert sids[0] != sids[1]


def test_a_callback_is_signed_with_the_token_and_not_with_the_key(
    simulator: Simulator, tmp_path: Path, receiver: WebhookReceiver
) -> None:
    created(accounts(simulator, tmp_path), "acme", receiver.url())
    (callback, *_) = receiver.take()
    assert callback.is_signed(receiver.origin, ACME_TOKEN)
    assert not callback.is_signed(receiver.origin, KEY_SECRET)


def test_a_wrong_secret_is_refused_as_a_wrong_token_is(simulator: Simulator, tmp_path: Path) -> None:
    wrong = accounts(simulator, tmp_path, ACME_KEY_SECRET="wrong")
    assert isinstance(wrong.of("acme").list_messages(), AccountRefused)
    outcome = created(wrong, "acme")
    assert isinstance(outcome, Refused)
    assert outcome.code == 20003


def test_a_key_opens_no_other_account(simulator: Simulator, tmp_path: Path) -> None:
    config = WITH_KEY.replace(ACME_ACCOUNT_SID, ACCOUNT_SID).replace("tenants.acme", "tenants.default")
    other = accounts(simulator, tmp_path, config)
    try:
        assert isinstance(other.of("default").list_messages(), AccountRefused)
    finally:
        other.close()


def test_a_keys_secret_that_is_not_where_the_file_says_is_named(simulator: Simulator, tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings) as refusal:
        accounts(simulator, tmp_path, ACME_KEY_SECRET=None).of("acme")
    assert refusal.value.setting == "ACME_KEY_SECRET"
