"""What the file says about the law: quiet hours and registration, by service or for all, and what is refused."""

from datetime import time
from pathlib import Path

import pytest

from messaging_pipeline.configuration import Configuration, load_configuration
from messaging_pipeline.errors import InvalidSettings
from tests.support.factories import configuration_file, settings

ACME = "[tenants.acme]\naccount_sid = 'AC0123456789abcdef0123456789abcdef'\nauth_token = 'env:ACME_AUTH_TOKEN'\n"
OFFERS = '[services.offers]\nfrom_number = "+12065550100"\n'


def load(tmp_path: Path, text: str) -> Configuration:
    return load_configuration(settings(MESSAGING_CONFIG=configuration_file(tmp_path, text)))


def test_quiet_hours_are_the_night_unless_declared_otherwise(tmp_path: Path) -> None:
    configuration = load(tmp_path, f"{OFFERS}[quiet_hours]\n")
    policy = configuration.quiet_hours_of(configuration.services["offers"])
    assert policy is not None
    assert (policy.begin, policy.end, policy.exempt_intents) == (time(21), time(8), ("otp", "reply"))


def test_without_a_word_nobody_keeps_quiet_hours(tmp_path: Path) -> None:
    configuration = load(tmp_path, OFFERS)
    assert configuration.quiet_hours_of(configuration.services["offers"]) is None


def test_a_services_own_quiet_hours_replace_those_of_all(tmp_path: Path) -> None:
    text = (
        f'{OFFERS}[services.offers.quiet_hours]\nfrom = "20:00"\nto = 09:30:00\n'
        '[services.alerts]\nfrom_number = "+12065550101"\n'
        "[services.alerts.quiet_hours]\nenabled = false\n[quiet_hours]\n"
    )
    configuration = load(tmp_path, text)
    policy = configuration.quiet_hours_of(configuration.services["offers"])
    assert policy is not None
    assert (policy.begin, policy.end) == (time(20), time(9, 30))
    assert configuration.quiet_hours_of(configuration.services["alerts"]) is None


def test_a_tenants_quiet_hours_are_those_of_its_services_without_their_own(tmp_path: Path) -> None:
    text = (
        f"{OFFERS}{ACME}"
        '[tenants.acme.quiet_hours]\nfrom = "19:00"\n'
        '[services.news]\ntenant = "acme"\nfrom_number = "+12065550102"\n'
        '[services.own]\ntenant = "acme"\nfrom_number = "+12065550103"\n[services.own.quiet_hours]\nfrom = "18:00"\n'
        '[services.never]\ntenant = "acme"\nfrom_number = "+12065550104"\n'
        "[services.never.quiet_hours]\nenabled = false\n[quiet_hours]\n"
    )
    configuration = load(tmp_path, text)
    kept = {key: configuration.quiet_hours_of(service) for key, service in configuration.services.items()}
    begins = {key: policy and policy.begin.hour for key, policy in kept.items() if key != "default"}
    assert begins == {"offers": 21, "news": 19, "own": 18, "never": None}


def test_domains_are_read_in_small_letters(tmp_path: Path) -> None:
    configuration = load(tmp_path, f'{OFFERS}[services.offers.registration]\nlinks = ["Example.COM"]\n')
    assert configuration.services["offers"].registration.links == ("example.com",)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('[quiet_hours]\nfrom = "25:00"\n', "quiet_hours.from"),
        ('[quiet_hours]\nfrom = "21:00Z"\n', "quiet_hours.from"),
        ('[quiet_hours]\nto = "9 o\'clock"\n', "quiet_hours.to"),
        ('[quiet_hours]\nfrom = "08:00"\n', "quiet_hours"),
        ('[quiet_hours]\ndays = ["monday"]\n', "quiet_hours.days.0"),
        ('[quiet_hours]\nclosed_days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]\n', "quiet_hours"),
        ('[quiet_hours]\ntime_zone = "Mars/Olympus"\n', "quiet_hours.time_zone"),
        ("[quiet_hours]\nuntil = 8\n", "quiet_hours.until"),
        (f"{ACME}[tenants.acme.quiet_hours]\ntime_zone = 'Mars/Olympus'\n", "tenants.acme.quiet_hours.time_zone"),
        ('[quiet_hours.intents.marketing]\nfrom = "08:00"\n', "quiet_hours.intents.marketing"),
        ("[quiet_hours.intents.marketing]\nenabled = false\n", "quiet_hours.intents.marketing.enabled"),
        ("[quiet_hours.intents.otp]\n", "quiet_hours"),
        ('[services.offers.registration]\nlinks = "example.com"\n', "services.offers.registration.links"),
        ('[services.offers.registration]\nlinks = ["https://example.com/"]\n', "services.offers.registration.links"),
        ("[services.offers.registration]\nlinks = []\n", "services.offers.registration.links"),
        ('[services.offers.registration]\nsamples = ["{code}"]\n', "services.offers.registration.samples.0"),
        ("[services.offers.first_message]\n", "services.offers.first_message.opt_out_text"),
        ('[services.offers.first_message]\nopt_out_text = "..."\n', "services.offers.first_message.opt_out_text"),
        (
            '[services.offers.first_message]\nopt_out_text = "STOP"\nwhen_missing = "drop"\n',
            "services.offers.first_message.when_missing",
        ),
        ("[services.offers.registration]\nleast_likeness = 2\n", "services.offers.registration.least_likeness"),
        ('[services.offers.registration]\nten_dlc = "maybe"\n', "services.offers.registration.ten_dlc"),
        ("[services.offers.registration]\nbrand = 1\n", "services.offers.registration.brand"),
    ],
)
def test_a_wrong_value_is_named_by_its_place(tmp_path: Path, text: str, place: str) -> None:
    with pytest.raises(InvalidSettings) as refusal:
        load(tmp_path, OFFERS + text)
    assert place in refusal.value.setting
