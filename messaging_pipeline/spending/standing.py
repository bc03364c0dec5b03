"""How a tenant's limits stand, for people: what is used of each in the present periods, and how much there is."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from messaging_pipeline.configuration import Configuration
from messaging_pipeline.policies.spending import CountryPolicy, SpendCaps


def with_limits(configuration: Configuration, tenant: str, meters: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the meters, each with its limit; None where messaging.toml has none any more."""
    money = dict(_of_money(configuration, tenant))
    declared = configuration.tenants.get(tenant)
    countries = declared.countries if declared else None
    return [{**meter, "limit": money.get(meter["meter"]) or _of_country(countries, meter["meter"])} for meter in meters]


def _of_money(configuration: Configuration, tenant: str) -> Iterator[tuple[str, Decimal | None]]:
    declared = configuration.tenants.get(tenant)
    caps: dict[str, SpendCaps | None] = {"": declared.spend if declared else None}
    caps |= {f":{key}": one.spend for key, one in configuration.services.items() if one.tenant == tenant}
    for suffix, cap in caps.items():
        if cap is not None:
            yield f"spend:day{suffix}", cap.per_day
            yield f"spend:month{suffix}", cap.per_month


def _of_country(policy: CountryPolicy | None, meter: str) -> int | None:
    kind, period, country = (*meter.split(":"), "")[:3]
    caps = policy.caps_of(country) if policy and kind == "country" else None
    if caps is None:
        return None
    return caps.per_hour if period == "hour" else caps.per_day
