"""What a message costs by the price list, and which limits it counts towards, by tenant, service and country."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from messaging_pipeline.configuration import Configuration, load_configuration
from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.ids import E164
from messaging_pipeline.spending.allowance import Allowance, Parcel, allowance_of
from messaging_pipeline.spending.periods import day_of, hour_of, month_of
from tests.support.factories import configuration_file, settings

AMERICAN, BRITISH, INDIAN = "+12065550123", "+442079460123", "+912212345678"
ALERTS = '[services.alerts]\nfrom_number = "+12065550100"\n'
PRICES = """
[prices]
unit = "USD"
[prices.to.US]
segment = 0.0083
mms = 0.022
senders.short_code = { segment = 0.0079 }
senders.toll_free = { mms = 0.02 }
[prices.to."*"]
segment = 0.08
"""
SPEND = "[tenants.default.spend]\nper_day = 50\n[services.alerts.spend]\nper_month = 900.5\nwhen_reached = 'refuse'\n"
COUNTRIES = """
[tenants.default.countries]
allowed = ["US", "GB"]
[tenants.default.countries.caps.GB]
per_hour = 10
per_day = 100
[tenants.default.countries.caps."*"]
per_day = 7
"""
LATE = datetime.fromisoformat("2026-12-31T23:59:59+00:00")


def load(tmp_path: Path, text: str) -> Configuration:
    return load_configuration(settings(MESSAGING_CONFIG=configuration_file(tmp_path, ALERTS + text)))


def asked(tmp_path: Path, text: str, **changes: Any) -> Allowance | None:
    """What a message of one segment by a Messaging Service counts towards."""
    configuration = load(tmp_path, text)
    values = {"to": AMERICAN, "sender": None, "segments": 1, "has_media": False, **changes}
    parcel = Parcel(E164(values["to"]), values["sender"], values["segments"], values["has_media"])
    return allowance_of(configuration, "alerts", configuration.services["alerts"], parcel, LATE)


def allowance(tmp_path: Path, text: str, **changes: Any) -> Allowance:
    found = asked(tmp_path, text, **changes)
    assert found is not None
    return found


def test_without_a_word_nothing_is_estimated_and_nothing_limited(tmp_path: Path) -> None:
    assert asked(tmp_path, "") is None


@pytest.mark.parametrize(
    ("changes", "cost"),
    [
        ({}, "0.0083"),
        ({"segments": 3}, "0.0249"),
        ({"has_media": True}, "0.022"),
        ({"sender": "+12065550100"}, "0.0083"),
        ({"sender": "24725", "segments": 2}, "0.0158"),
        ({"sender": "24725", "has_media": True}, "0.022"),
        ({"sender": "+18005550100", "has_media": True}, "0.02"),
        ({"sender": "+18005550100"}, "0.0083"),
        ({"to": BRITISH, "sender": "ACME"}, "0.08"),
        ({"to": BRITISH, "has_media": True}, None),
    ],
)
def test_country_sender_weight_and_media_make_the_price(
    tmp_path: Path, changes: dict[str, Any], cost: str | None
) -> None:
    assert allowance(tmp_path, PRICES, **changes).cost == (None if cost is None else Decimal(cost))


def test_a_country_that_no_price_names_costs_nobody_knows_what(tmp_path: Path) -> None:
    found = allowance(tmp_path, PRICES.partition('[prices.to."*"]')[0], to=BRITISH)
    assert (found.cost, found.unit, found.draws) == (None, "USD", ())


def test_money_counts_towards_the_tenants_and_the_services_cap(tmp_path: Path) -> None:
    draws = allowance(tmp_path, PRICES + SPEND, segments=2).spend
    assert [(one.meter, one.amount, one.limit, one.when_reached) for one in draws] == [
        ("spend:day", Decimal("0.0166"), Decimal(50), "hold"),
        ("spend:month:alerts", Decimal("0.0166"), Decimal("900.5"), "refuse"),
    ]
    assert [f"{one.period.ends_at:%Y-%m-%d %H:%M}" for one in draws] == ["2027-01-01 00:00", "2027-01-01 00:00"]


def test_a_country_with_caps_of_its_own_has_no_others(tmp_path: Path) -> None:
    british, american = (allowance(tmp_path, COUNTRIES, to=to).velocity for to in (BRITISH, AMERICAN))
    assert [(one.meter, one.limit) for one in british] == [("country:hour:GB", 10), ("country:day:GB", 100)]
    assert [(one.meter, one.amount, one.limit) for one in american] == [("country:day:US", 1, 7)]


def test_only_the_countries_that_are_named_are_allowed(tmp_path: Path) -> None:
    assert [allowance(tmp_path, COUNTRIES, to=to).allowed for to in (AMERICAN, BRITISH, INDIAN)] == [True, True, False]
    assert allowance(tmp_path, PRICES, to=INDIAN).allowed


def test_a_period_begins_where_the_one_before_it_ends() -> None:
    for period_of in (hour_of, day_of, month_of):
        period = period_of(LATE)
        following = period_of(period.ends_at)
        assert period.begins_at <= LATE < period.ends_at == following.begins_at


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        (SPEND, "tenants.default.spend", "there is no price list"),
        ("[services.alerts.spend]\nper_day = 1\n", "services.alerts.spend", "there is no price list"),
        (PRICES + "[tenants.default.spend]\n", "tenants.default.spend", "caps nothing"),
        (PRICES + "[tenants.default.spend]\nper_day = 0\n", "tenants.default.spend.per_day", "give more than 0"),
        (PRICES + "[tenants.default.spend]\nper_week = 1\n", "tenants.default.spend.per_week", "known"),
        ('[prices]\nunit = "dollars"\nto.US.segment = 1\n', "prices.unit", "is no currency"),
        ('[prices]\nunit = "USD"\n', "prices.to", "is required"),
        ('[prices]\nunit = "USD"\nto = {}\n', "prices.to", "is empty"),
        ('[prices]\nunit = "USD"\nto.us.segment = 1\n', "prices.to.us", "country"),
        ('[prices]\nunit = "USD"\nto.US.segment = -1\n', "prices.to.US.segment", "give at least 0"),
        ('[prices]\nunit = "USD"\nto.US.mms = 1\n', "prices.to.US.segment", "is required"),
        ('[prices]\nunit = "USD"\nto.US = {segment = 1, senders.pigeon.mms = 1}\n', "prices.to.US.senders", "number"),
        ('[tenants.default.countries]\nallowed = ["*"]\n', "tenants.default.countries", "every country"),
        ('[tenants.default.countries]\nallowed = ["UK"]\n', "tenants.default.countries.allowed", "country"),
        ("[tenants.default.countries.caps.GB]\n", "tenants.default.countries.caps.GB", "caps nothing"),
        ("[tenants.default.countries.caps.GB]\nper_hour = 0\n", "tenants.default.countries.caps.GB", "give at least 1"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_by_name(tmp_path: Path, text: str, place: str, reason: str) -> None:
    with pytest.raises(InvalidSettings) as refusal:
        load(tmp_path, text)
    assert f"MESSAGING_CONFIG {place}" in str(refusal.value)
    assert reason in str(refusal.value)
