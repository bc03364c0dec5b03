"""The doctor looks at an account at Twilio: what it finds there, what it sets right, and what it leaves alone."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from messaging_pipeline.doctor.examination import CHECKS, examine
from messaging_pipeline.doctor.finding import Finding
from messaging_pipeline.doctor.patient import patient
from messaging_pipeline.simulator.configuration import AccountConfig, SenderConfig, ServiceConfig, SimulatorConfig
from messaging_pipeline.simulator.in_thread import simulator_in_thread
from tests.plugins.runtimes import ACME_ACCOUNT_SID
from tests.support.commands import run_command
from tests.support.factories import ACCOUNT_SID, AUTH_TOKEN, SERVICE_SID, configuration_file, environment, settings
from tests.support.simulated_twilio import real_client

AT_TWILIO = ("accounts", "services", "senders", "registration", "countries")
RETRIES = "#rc=5&rp=all"
ORIGIN = "https://sms.example.com"
LONG_CODE, TOLL_FREE, ACMES = "+12065550100", "+18005550199", "+12065550101"
ACME_SERVICE = "MG" + "c" * 32
GOOD = ServiceConfig(
    SERVICE_SID,
    senders=(LONG_CODE,),
    status_callback=f"{ORIGIN}/twilio/status{RETRIES}",
    inbound_url=f"{ORIGIN}/twilio/inbound{RETRIES}",
    fallback_url=f"{ORIGIN}/twilio/fallback{RETRIES}",
    campaign_status="VERIFIED",
)
FILE = f"""
[services.default]
messaging_service_sid = "{SERVICE_SID}"

[services.default.registration]
ten_dlc = "approved"
"""
ACME = f"""
[tenants.acme]
account_sid = "{ACME_ACCOUNT_SID}"
auth_token = "env:ACME_AUTH_TOKEN"

[services.acme-alerts]
tenant = "acme"
messaging_service_sid = "{ACME_SERVICE}"
"""


@contextmanager
def twilio(*services: ServiceConfig, account: Mapping[str, Any] | None = None, **changes: Any) -> Iterator[str]:
    """Twilio with our account and these services in it."""
    accounts = (
        AccountConfig(ACCOUNT_SID, AUTH_TOKEN, **(account or {})),
        AccountConfig(ACME_ACCOUNT_SID, "token-of-acme"),
    )
    config = SimulatorConfig(accounts=accounts, services=services or (GOOD,), smtp_port=None, **changes)
    with simulator_in_thread(config) as it:
        yield it.url


def examined(
    url: str, folder: Path, file: str = FILE, *, fix: bool = False, tenant: str | None = None, **changes: str | None
) -> list[Finding]:
    """What the checks of Twilio's side find."""
    given = {"TWILIO_MESSAGING_SERVICE_SID": None, "MESSAGING_CONFIG": configuration_file(folder, file), **changes}
    checks = [(name, check) for name, check in CHECKS if name in AT_TWILIO]
    with patient(settings(TWILIO_API_BASE_URL=url, **given), tenant) as whom:
        return list(examine(whom, fix=fix, checks=checks))


def of(found: list[Finding], check: str) -> list[Finding]:
    return [one for one in found if one.check == check]


def wrong(found: list[Finding]) -> list[tuple[str, str, str]]:
    return [(one.check, one.state, one.told) for one in found if one.state not in {"ok", "skipped"}]


def test_an_account_that_is_set_up_as_it_should_be_is_well(tmp_path: Path) -> None:
    with twilio() as url:
        found = examined(url, tmp_path)
    assert wrong(found) == []
    assert {one.check for one in found} == set(AT_TWILIO)
    assert of(found, "registration")[0].told == "its campaign is VERIFIED, as written"


def test_wrong_credentials_are_told_from_an_unreachable_twilio(tmp_path: Path) -> None:
    with twilio() as url:
        refused = examined(url, tmp_path, TWILIO_AUTH_TOKEN="wrong")
    assert [(one.about, one.state) for one in of(refused, "accounts")] == [("tenants.default.auth_token", "error")]
    assert "wrong" not in "".join(one.told for one in refused)
    silent = examined("http://127.0.0.1:9", tmp_path)
    assert [one.state for one in of(silent, "accounts")] == ["unreachable"]
    assert {one.state for one in of(silent, "registration")} == {"unreachable"}


def test_each_token_and_an_api_key_are_tried_by_themselves(tmp_path: Path) -> None:
    key, config = "SK" + "d" * 32, AccountConfig(ACCOUNT_SID, AUTH_TOKEN, api_keys=("SK" + "d" * 32 + ":key-secret",))
    file = f"""
[tenants.default]
account_sid = "{ACCOUNT_SID}"
auth_token = "env:OLD_TOKEN"
auth_token_secondary = "env:NEW_TOKEN"
api_key = "{key}"
api_key_secret = "env:KEY_SECRET"
"""
    given = {"OLD_TOKEN": AUTH_TOKEN, "NEW_TOKEN": "nobody's", "KEY_SECRET": "key-secret", "TWILIO_ACCOUNT_SID": None}
    with simulator_in_thread(SimulatorConfig(accounts=(config,), smtp_port=None)) as it:
        found = of(examined(it.url, tmp_path, FILE + file, **given), "accounts")
    assert [(one.about.rpartition(".")[2], one.state) for one in found] == [
        ("auth_token", "ok"),
        ("auth_token_secondary", "warning"),
        ("api_key", "ok"),
    ]


@pytest.mark.parametrize(
    ("changes", "state", "word"),
    [
        ({"status_callback": None}, "warning", "has no status callback"),
        ({"status_callback": f"{ORIGIN}/twilio/status"}, "warning", "is tried once"),
        ({"inbound_url": None}, "error", "has no inbound URL"),
        ({"inbound_url": f"{ORIGIN}/twilio/inbound"}, "warning", "is tried once"),
        ({"inbound_method": "GET"}, "error", "with GET"),
        ({"use_inbound_webhook_on_number": True}, "error", "each number's own URL"),
        ({"use_inbound_webhook_on_number": True, "inbound_url": None}, "error", "each number's own URL"),
        ({"fallback_url": None}, "warning", "has no fallback URL"),
    ],
)
def test_what_a_service_has_wrong_is_found_changed_on_request_and_then_well(
    tmp_path: Path, changes: dict[str, Any], state: str, word: str
) -> None:
    with twilio(replace(GOOD, **changes)) as url:
        [(check, found, told)] = wrong(examined(url, tmp_path))
        assert (check, found, word in told) == ("services", state, True)
        [(_, still, _)] = wrong(examined(url, tmp_path))
        assert still == state, "looking changes nothing"
        fixed = [one for one in examined(url, tmp_path, fix=True) if one.fixed]
        assert [one.state for one in fixed] == ["ok"]
        assert wrong(examined(url, tmp_path)) == []
        service = real_client(url, ACCOUNT_SID, AUTH_TOKEN)
        now = service.messaging.v1.services(SERVICE_SID).fetch()
        service.http_client.session.close()
    assert now.inbound_request_url == f"{ORIGIN}/twilio/inbound{RETRIES}"
    assert (now.inbound_method, now.use_inbound_webhook_on_number) == ("POST", False)


@pytest.mark.parametrize(
    "changes",
    [
        {"inbound_url": "https://other.example/sms"},
        {"status_callback": "https://other.example/status"},
        {"inbound_url": "https://other.example/sms", "use_inbound_webhook_on_number": True},
    ],
)
def test_what_leads_to_somebody_else_is_told_and_never_changed(tmp_path: Path, changes: dict[str, Any]) -> None:
    with twilio(replace(GOOD, **changes)) as url:
        before = wrong(examined(url, tmp_path))
        assert wrong(examined(url, tmp_path, fix=True)) == before != []
        assert wrong(examined(url, tmp_path)) == before


def test_the_command_says_what_it_would_set_and_sets_it_when_told(tmp_path: Path) -> None:
    path = configuration_file(tmp_path, FILE)
    with twilio(replace(GOOD, fallback_url=None)) as url:
        given = environment(TWILIO_MESSAGING_SERVICE_SID=None, TWILIO_API_BASE_URL=url, MESSAGING_CONFIG=path)
        looked = run_command(given, "doctor")
        assert f"--fix would: set its fallback URL to {ORIGIN}/twilio/fallback" in looked.out
        assert any(line.startswith("FIXED") for line in run_command(given, "doctor", "--fix").lines)
        assert "--fix would" not in run_command(given, "doctor").out


def test_each_tenants_services_are_told_the_tenants_own_addresses(tmp_path: Path) -> None:
    acmes = ServiceConfig(ACME_SERVICE, account_sid=ACME_ACCOUNT_SID, senders=(ACMES,))
    with twilio(GOOD, acmes) as url:
        examined(url, tmp_path, FILE + ACME, fix=True, tenant="acme")
        client = real_client(url, ACME_ACCOUNT_SID, "token-of-acme")
        now = client.messaging.v1.services(ACME_SERVICE).fetch()
        client.http_client.session.close()
    assert now.inbound_request_url == f"{ORIGIN}/twilio/t/acme/inbound{RETRIES}"
    assert now.status_callback == f"{ORIGIN}/twilio/t/acme/status{RETRIES}"


def test_one_tenant_is_neither_seen_nor_changed_when_another_is_looked_at(tmp_path: Path) -> None:
    acmes = ServiceConfig(ACME_SERVICE, account_sid=ACME_ACCOUNT_SID, senders=(ACMES,))
    with twilio(replace(GOOD, inbound_url=None), acmes) as url:
        found = examined(url, tmp_path, FILE + ACME, fix=True, tenant="acme")
        assert "default" not in "".join(f"{one.about} {one.told} {one.cure}" for one in found)
        [(_, state, _)] = wrong(examined(url, tmp_path, tenant="default"))
    assert state == "error"


def test_a_service_that_is_not_the_accounts_is_named(tmp_path: Path) -> None:
    with twilio() as url:
        found = examined(url, tmp_path, FILE.replace(SERVICE_SID, "MG" + "e" * 32))
    [missing] = of(found, "services")
    assert (missing.state, missing.cure) == ("error", "correct services.default.messaging_service_sid")


def test_a_pool_is_judged_by_what_is_in_it(tmp_path: Path) -> None:
    pool = replace(GOOD, senders=(LONG_CODE, TOLL_FREE, "24680", "Clinic"))
    deaf = SenderConfig(LONG_CODE, capabilities=frozenset({"voice"}))
    with twilio(pool, senders=(deaf, SenderConfig(TOLL_FREE, toll_free_status="TWILIO_APPROVED"))) as url:
        found = of(examined(url, tmp_path), "senders")
    assert [(one.state, one.told) for one in found] == [
        ("warning", "+1•••0100 cannot send SMS"),
        ("ok", "sends from 1 alphanumeric sender(s), 1 number(s), 1 short code(s), 1 toll-free number(s)"),
    ]


def test_an_empty_pool_and_a_number_of_somebody_elses_are_errors(tmp_path: Path) -> None:
    with twilio(replace(GOOD, senders=())) as url:
        assert of(examined(url, tmp_path), "senders")[0].told == "its Messaging Service has no sender (21704)"
        alone = '[services.default]\nfrom_number = "+12065550199"\n'
        assert of(examined(url, tmp_path, alone), "senders")[0].state == "error"


def test_a_number_without_a_service_has_urls_and_a_campaign_too(tmp_path: Path) -> None:
    alone = f'[services.default]\nfrom_number = "{LONG_CODE}"\nregistration.ten_dlc = "approved"\n'
    with twilio() as url:
        in_a_service = examined(url, tmp_path, alone)
    assert wrong(in_a_service) == []
    with twilio(replace(GOOD, senders=()), senders=(SenderConfig(LONG_CODE),)) as url:
        in_none = wrong(examined(url, tmp_path, alone))
    assert [(check, state) for check, state, _ in in_none] == [("senders", "error"), ("registration", "error")]


@pytest.mark.parametrize(
    ("status", "state"), [("VERIFIED", "ok"), ("IN_PROGRESS", "error"), ("FAILED", "error"), (None, "error")]
)
def test_a_campaign_is_what_twilio_says(tmp_path: Path, status: str | None, state: str) -> None:
    with twilio(replace(GOOD, campaign_status=status)) as url:
        [finding] = of(examined(url, tmp_path), "registration")
    assert (finding.about, finding.state) == ("services.default", state)


def test_each_toll_free_number_is_verified_by_itself(tmp_path: Path) -> None:
    numbers = (SenderConfig(TOLL_FREE, toll_free_status="TWILIO_APPROVED"), SenderConfig("+18885550199"))
    file = FILE + 'toll_free = "verified"\n'
    with twilio(replace(GOOD, senders=(TOLL_FREE, "+18885550199")), senders=numbers) as url:
        found = of(examined(url, tmp_path, file), "registration")
    assert [one.state for one in found] == ["ok", "error"]
    assert TOLL_FREE not in "".join(one.told for one in found)


def test_countries_that_are_named_must_be_permitted(tmp_path: Path) -> None:
    file = FILE + '[tenants.default]\naccount_sid = "' + ACCOUNT_SID + '"\nauth_token = "env:TWILIO_AUTH_TOKEN"\n'
    file += 'countries.allowed = ["US", "IN", "PR"]\n[routes.offers]\ndefault = ["US", "GB"]\n'
    with twilio(account={"closed_countries": ("IN", "GB")}) as url:
        [finding] = of(examined(url, tmp_path, file, TWILIO_ACCOUNT_SID=None), "countries")
        [unnamed] = of(examined(url, tmp_path), "countries")
    assert (finding.state, "to IN," in finding.told, "21408" in finding.told) == ("error", True, True)
    assert unnamed.state == "skipped"
