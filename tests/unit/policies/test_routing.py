"""Routes: which service a country takes, and which files are refused."""

from pathlib import Path

import pytest

from messaging_pipeline.configuration import Configuration, load_configuration
from messaging_pipeline.errors import InvalidInput, InvalidSettings
from messaging_pipeline.ids import E164
from tests.plugins.runtimes import ACME_ACCOUNT_SID
from tests.support.factories import configuration_file, settings

AMERICAN, BRITISH, INDIAN = E164("+12065550123"), E164("+442079460123"), E164("+912212345678")

SERVICES = f"""
[services.alerts-us]
from_number = "+12065550100"
[services.alerts-uk]
from_number = "ACME"
[services.alerts-world]
from_number = "+12065550101"
[tenants.acme]
account_sid = "{ACME_ACCOUNT_SID}"
auth_token = "env:ACME_AUTH_TOKEN"
[services.theirs]
tenant = "acme"
from_number = "+12065550102"
"""
ROUTES = '[routes.alerts]\nalerts-us = ["US", "CA"]\nalerts-uk = ["GB"]\n'


def load(tmp_path: Path, text: str) -> Configuration:
    return load_configuration(settings(MESSAGING_CONFIG=configuration_file(tmp_path, SERVICES + text)))


def service_for(configuration: Configuration, to: E164, name: str = "alerts", tenant: str = "default") -> str | None:
    way = configuration.way(name, tenant, to)
    return None if way is None else way.service


def test_the_country_of_the_recipient_decides(tmp_path: Path) -> None:
    configuration = load(tmp_path, ROUTES)
    assert [service_for(configuration, to) for to in (AMERICAN, BRITISH)] == ["alerts-us", "alerts-uk"]


def test_a_star_is_every_other_country(tmp_path: Path) -> None:
    configuration = load(tmp_path, ROUTES + 'alerts-world = ["*"]\n')
    assert [service_for(configuration, to) for to in (BRITISH, INDIAN)] == ["alerts-uk", "alerts-world"]


def test_a_country_that_the_route_does_not_know_is_refused_without_the_number(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as refusal:
        load(tmp_path, ROUTES).way("alerts", "default", INDIAN)
    assert refusal.value.field == "to"
    assert "IN" in str(refusal.value)
    assert INDIAN[3:] not in str(refusal.value)


def test_a_service_of_the_routes_own_name_takes_the_countries_that_it_does_not_know(tmp_path: Path) -> None:
    configuration = load(tmp_path, '[routes.alerts-us]\nalerts-uk = ["GB"]\n')
    assert [service_for(configuration, to, "alerts-us") for to in (BRITISH, AMERICAN)] == ["alerts-uk", None]


def test_an_explicit_service_is_no_route(tmp_path: Path) -> None:
    assert service_for(load(tmp_path, ROUTES), AMERICAN, "alerts-uk") is None


def test_another_tenants_route_does_not_exist(tmp_path: Path) -> None:
    assert service_for(load(tmp_path, ROUTES), AMERICAN, tenant="acme") is None


@pytest.mark.parametrize(
    ("text", "place", "word"),
    [
        (ROUTES + 'alerts-world = ["CA"]\n', "routes.alerts.alerts-world", "CA goes by 'alerts-us' already"),
        ('[routes.alerts]\nalerts-us = ["US", "US"]\n', "routes.alerts.alerts-us", "US goes by"),
        ('[routes.alerts]\nalerts-us = ["*"]\nalerts-uk = ["*"]\n', "routes.alerts.alerts-uk", "* goes by"),
        ('[routes.alerts]\nnobody = ["US"]\n', "routes.alerts.nobody", "no service"),
        ('[routes.alerts]\nalerts-us = ["us"]\n', "routes.alerts.alerts-us.0", "country"),
        ('[routes.alerts]\nalerts-us = ["UK"]\n', "routes.alerts.alerts-us.0", "country"),
        ("[routes.alerts]\nalerts-us = []\n", "routes.alerts.alerts-us", ""),
        ('[routes."A B"]\nalerts-us = ["US"]\n', "routes.A B", ""),
        ('[routes.alerts]\nalerts-us = ["US"]\ntheirs = ["GB"]\n', "routes.alerts", "same tenant"),
    ],
)
def test_a_wrong_route_is_named_by_its_place(tmp_path: Path, text: str, place: str, word: str) -> None:
    with pytest.raises(InvalidSettings) as refusal:
        load(tmp_path, text)
    assert place in refusal.value.setting
    assert word in str(refusal.value)
    assert "messaging.toml" in str(refusal.value)
