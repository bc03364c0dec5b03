"""Ticket desks in messaging.toml: what is declared, what is refused and how it is named."""

from pathlib import Path

import pytest

from messaging_pipeline.configuration import Configuration, load_configuration
from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.tickets.desks import Desks
from tests.plugins.runtimes import ACME_ACCOUNT_SID
from tests.support.factories import configuration_file, settings

DESK = """\
[tickets.support]
system = "zendesk"
url = "https://a.zendesk.com"
user = "a@example.com"
secret = "env:DESK"
"""
SERVICE = '[services.alerts]\nfrom_number = "+14155550100"\ninbound_tickets = "support"\n'
ACME = f'[tenants.acme]\naccount_sid = "{ACME_ACCOUNT_SID}"\nauth_token = "env:X"\n'


def load(tmp_path: Path, text: str) -> Configuration:
    return load_configuration(settings(MESSAGING_CONFIG=configuration_file(tmp_path, text)))


def test_a_desk_has_words_for_a_new_ticket_and_for_one_that_goes_on(tmp_path: Path) -> None:
    desk = load(tmp_path, DESK + SERVICE).tickets["support"]
    assert "{ticket}" in desk.reply
    assert "{ticket}" in desk.reply_continued
    assert desk.reply != desk.reply_continued


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ('system = "trac"', "tickets.support.system"),
        ('system = "jira"', "tickets.support"),
        ('url = "http://a.zendesk.com"', "tickets.support.url"),
        ('url = "https://user:pw@a.zendesk.com"', "tickets.support.url"),
        ('url = "https://a.zendesk.com?x=1"', "tickets.support.url"),
        ('url = "a.zendesk.com"', "tickets.support.url"),
        ('url = "https://[::1"', "tickets.support.url"),
        ('user = "a:b"', "tickets.support.user"),
        ('secret = "the-token-itself"', "tickets.support.secret"),
        ('reply = "Thank you."', "tickets.support.reply"),
        ('customers = "no entry point"', "tickets.support.customers"),
        ('project = "SUP\\" OR x"', "tickets.support.project"),
        ('table = "../user"', "tickets.support.table"),
        ("rate = 5", "tickets.support.rate"),
    ],
)
def test_a_wrong_key_or_value_is_named_by_its_place(tmp_path: Path, change: str, place: str) -> None:
    name = change.partition(" ")[0]
    kept = "".join(line + "\n" for line in DESK.splitlines() if not line.startswith(f"{name} "))
    with pytest.raises(InvalidSettings) as refusal:
        load(tmp_path, f"{kept}{change}\n")
    assert place in refusal.value.setting
    assert "the-token-itself" not in str(refusal.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:8080/", "https://a.example.com/jira/", "https://a.zendesk.com"])
def test_the_secret_goes_over_https_or_stays_on_this_machine(tmp_path: Path, url: str) -> None:
    desk = load(tmp_path, DESK.replace("https://a.zendesk.com", url)).tickets["support"]
    assert desk.url == url.rstrip("/")


@pytest.mark.parametrize("text", [SERVICE, ACME + SERVICE + DESK + 'tenant = "acme"\n'])
def test_a_service_has_only_a_desk_of_its_own_tenant(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidSettings) as refusal:
        load(tmp_path, text)
    assert "services.alerts.inbound_tickets" in refusal.value.setting


def test_a_desk_of_a_tenant_that_there_is_not_is_refused_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match=r"declare \[tenants\.acme\], or name another tenant") as refusal:
        load(tmp_path, DESK + 'tenant = "acme"\n')
    assert refusal.value.setting == "MESSAGING_CONFIG tickets.support.tenant"
    assert load(tmp_path, DESK + 'tenant = "acme"\n' + ACME).tickets["support"].tenant == "acme"


def test_a_worker_without_the_secret_does_not_start(tmp_path: Path) -> None:
    made = settings(MESSAGING_CONFIG=configuration_file(tmp_path, DESK + SERVICE))
    with pytest.raises(InvalidSettings) as refusal:
        Desks(made, load_configuration(made))
    assert refusal.value.setting == "DESK"
