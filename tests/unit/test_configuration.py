"""Tenants and services: what the file declares, what the environment adds, what is refused."""

from pathlib import Path

import pytest

from messaging_pipeline.configuration import Configuration, load_configuration
from messaging_pipeline.errors import InvalidInput, InvalidSettings
from tests.plugins.runtimes import ACME_ACCOUNT_SID
from tests.support.factories import ACCOUNT_SID, SERVICE_SID, configuration_file, settings


def load(tmp_path: Path, text: str, **changes: str | None) -> Configuration:
    return load_configuration(settings(MESSAGING_CONFIG=configuration_file(tmp_path, text), **changes))


def test_without_a_file_one_tenant_with_one_service_works() -> None:
    configuration = load_configuration(settings())
    assert configuration.tenants["default"].account_sid == ACCOUNT_SID
    assert configuration.service("default", "default").messaging_service_sid == SERVICE_SID


def test_a_number_is_enough_of_a_service() -> None:
    configuration = load_configuration(
        settings(TWILIO_MESSAGING_SERVICE_SID=None, TWILIO_FROM_NUMBER="+1 415 555 0100")
    )
    assert configuration.service("default", "default").from_number == "+14155550100"


def test_the_mark_that_windows_puts_before_utf8_is_no_part_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "messaging.toml"
    path.write_bytes(b"\xef\xbb\xbf[services.default]\r\nsegments_per_second = 7\r\n")
    assert load_configuration(settings(MESSAGING_CONFIG=str(path))).services["default"].segments_per_second == 7


def test_a_service_may_declare_its_rate_and_burst(tmp_path: Path) -> None:
    text = (
        f'[services.alerts]\nmessaging_service_sid = "{SERVICE_SID}"\nsegments_per_second = 2.5\nburst_segments = 7\n'
    )
    service = load(tmp_path, text).service("alerts", "default")
    assert (service.segments_per_second, service.burst) == (2.5, 7)


def test_the_burst_is_one_seconds_worth_unless_declared(tmp_path: Path) -> None:
    text = "[services.fast]\nsegments_per_second = 30\n[services.slow]\nsegments_per_second = 0.5\n"
    configuration = load(tmp_path, text)
    assert (configuration.services["fast"].burst, configuration.services["slow"].burst) == (30, 1)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[services.a]\nrate = 5\n", "services.a.rate"),
        ("[service.a]\n", "service"),
        ("[services.a]\nsegments_per_second = 0\n", "services.a.segments_per_second"),
        ("[services.a]\nsegments_per_second = 0.0001\n", "services.a.segments_per_second"),
        ("[services.a]\nburst_segments = 0\n", "services.a.burst_segments"),
        ('[services.a]\nmessaging_service_sid = "MG1"\n', "services.a.messaging_service_sid"),
        ('[services.a]\nfrom_number = "call me!"\n', "services.a.from_number"),
        ('[services.a]\ntenant = "nobody"\n', "services.a.tenant"),
        ('[services."A B"]\n', "services.A B"),
        ('[tenants.acme]\naccount_sid = "AC1"\nauth_token = "env:X"\n', "tenants.acme.account_sid"),
        (f'[tenants.acme]\naccount_sid = "{ACCOUNT_SID}"\n', "tenants.acme.auth_token"),
        (f'[tenants.acme]\naccount_sid = "{ACCOUNT_SID}"\nauth_token = "plain"\n', "tenants.acme.auth_token"),
        ("[services.a\n", "MESSAGING_CONFIG"),
        ('[receivers.desk]\nurl = "https://a.example"\nsecret = "env:X"\ntenant = "acme"\n', "receivers.desk.tenant"),
        ("[reconcile]\ngive_up_after_seconds = inf\n", "reconcile.give_up_after_seconds"),
        ("[reconcile]\ngive_up_after_seconds = 1e300\n", "reconcile.give_up_after_seconds"),
        ("[reconcile]\nlist_every_seconds = inf\n", "reconcile.list_every_seconds"),
        ("[caps.brand]\nsegments_per_day = 9_999_999_999_999_999_999\n", "caps.brand.segments_per_day"),
        ('[services.a]\nmissed_call_text = "Hi"\n[services.b]\nmissed_call_text = "Hi"\n', "services.b.missed_call"),
    ],
)
def test_a_wrong_key_or_value_is_named_by_its_place(tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(InvalidSettings) as refusal:
        load(tmp_path, text)
    assert place in refusal.value.setting
    assert "messaging.toml" in str(refusal.value)


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(InvalidSettings, match="cannot be read"):
        load_configuration(settings(MESSAGING_CONFIG="/nowhere/messaging.toml"))


def test_a_tenants_service_is_unknown_to_another(tmp_path: Path) -> None:
    text = (
        f'[tenants.acme]\naccount_sid = "{ACME_ACCOUNT_SID}"\nauth_token = "env:X"\n'
        '[services.theirs]\ntenant = "acme"\nfrom_number = "+14155550100"\n'
    )
    configuration = load(tmp_path, text)
    with pytest.raises(InvalidInput) as refusal:
        configuration.service("theirs", "default")
    assert "theirs" not in refusal.value.remedy


KEY = "SK" + "d" * 32
HALF_A_KEY = "has half an API key"


def a_tenant(**keys: str) -> str:
    lines = {"account_sid": ACME_ACCOUNT_SID, "auth_token": "env:X", **keys}
    return "[tenants.acme]\n" + "".join(f'{name} = "{value}"\n' for name, value in lines.items())


def test_a_tenant_may_have_an_api_key_beside_its_token(tmp_path: Path) -> None:
    tenant = load(tmp_path, a_tenant(api_key=KEY, api_key_secret="aws-sm:twilio#acme")).tenants["acme"]
    assert (tenant.api_key, tenant.api_key_secret, tenant.auth_token) == (KEY, "aws-sm:twilio#acme", "env:X")


@pytest.mark.parametrize("half", [{"api_key": KEY}, {"api_key_secret": "env:X"}])
def test_half_an_api_key_is_refused(tmp_path: Path, half: dict[str, str]) -> None:
    with pytest.raises(InvalidSettings, match=HALF_A_KEY) as refusal:
        load(tmp_path, a_tenant(**half))
    assert refusal.value.setting == "MESSAGING_CONFIG tenants.acme"


@pytest.mark.parametrize("account_sid", [ACCOUNT_SID, ACCOUNT_SID.replace("a", "A")])
def test_two_tenants_in_one_account_are_refused(tmp_path: Path, account_sid: str) -> None:
    with pytest.raises(InvalidSettings, match="tenant 'default' has the same account") as refusal:
        load(tmp_path, a_tenant(account_sid=account_sid))
    assert refusal.value.setting == "MESSAGING_CONFIG tenants.acme.account_sid"


def test_a_tenant_that_is_not_declared_is_named_in_place_of_its_service(tmp_path: Path) -> None:
    configuration = load(tmp_path, a_tenant())
    with pytest.raises(InvalidInput) as refusal:
        configuration.service("default", "acmee")
    cure = "declare [tenants.acmee] in messaging.toml"
    assert str(refusal.value) == f"tenant: 'acmee' is not declared; {cure}"


LOOKUP = 'lookup = { cost = 0.008, unit = "USD" }\n'


def test_a_lookup_is_its_services_or_its_tenants(tmp_path: Path) -> None:
    text = a_tenant() + LOOKUP + "[services.a]\ntenant = 'acme'\n[services.b]\ntenant = 'acme'\n"
    found = load(tmp_path, text + LOOKUP.replace(" }", ", enabled = false }") + "[services.c]\n")
    policies = [found.lookup_of(found.services[key]) for key in "abc"]
    assert [one and (str(one.cost), one.days, one.when_unanswered) for one in policies] == [
        ("0.008", 30, "send"),
        None,
        None,
    ]


@pytest.mark.parametrize("wrong", ['{ unit = "USD" }', "{ cost = 0.008 }", '{ cost = -1, unit = "USD" }'])
def test_what_a_lookup_costs_has_to_be_said(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(InvalidSettings, match="lookup"):
        load(tmp_path, f"[services.a]\nlookup = {wrong}\n")
