"""What one message costs, and which limits it counts towards: worked out from the configuration alone."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from messaging_pipeline.configuration import Configuration, Service
from messaging_pipeline.ids import E164
from messaging_pipeline.messages.phone_numbers import country_of
from messaging_pipeline.messages.sender_kinds import Kind, kind_of
from messaging_pipeline.policies.spending import CountryPolicy, PricedSender, Prices, SpendCaps, WhenReached
from messaging_pipeline.spending.periods import Period, day_of, hour_of, month_of

_PRICED: Mapping[Kind, PricedSender] = {
    "number": "number",
    "toll-free number": "toll_free",
    "short code": "short_code",
    "alphanumeric sender": "alphanumeric",
}
"""What a Messaging Service will choose is not known: it costs what is usual for the country."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """What a price depends on: where a message goes, from what, how heavy it is and whether it carries media."""

    to: E164
    sender: str | None
    segments: int
    has_media: bool


@dataclass(frozen=True, slots=True)
class Draw:
    """What a message takes from one limit in one period.

    ``meter`` names what is counted, within a tenant; ``words`` say the limit to people, and ``when_reached`` what
    becomes of a message that finds no room.
    """

    meter: str
    period: Period
    amount: Decimal
    limit: Decimal
    words: str
    when_reached: WhenReached

    def has_room(self, used: Decimal) -> bool:
        """Tell whether the message fits in when so much is used already."""
        return used + self.amount <= self.limit


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a message costs and counts towards; ``cost`` is None where the price list does not say.

    ``capped`` tells whether spending is limited, so that a message without a price cannot go, and ``allowed`` whether
    the tenant writes to that country at all.
    """

    country: str
    cost: Decimal | None
    unit: str | None
    capped: bool
    allowed: bool
    spend: tuple[Draw, ...] = ()
    velocity: tuple[Draw, ...] = ()

    @property
    def is_limited(self) -> bool:
        """Whether anything limits it."""
        return self.capped or bool(self.draws)

    @property
    def draws(self) -> tuple[Draw, ...]:
        """All limits that it counts towards."""
        return self.spend + self.velocity


def allowance_of(
    configuration: Configuration, key: str, service: Service, parcel: Parcel, at: datetime
) -> Allowance | None:
    """Return what a message of a service costs and counts towards at a time; None where nothing is configured."""
    tenant = configuration.tenants.get(service.tenant)
    countries = tenant.countries if tenant else None
    caps = ((None, tenant.spend if tenant else None), (key, service.spend))
    prices = configuration.prices
    if prices is None and countries is None:
        return None
    country = country_of(parcel.to)
    cost = None if prices is None else cost_of(prices, country, parcel)
    spend = [] if cost is None else [one for whose, cap in caps for one in _of_money(cap, whose, cost, prices, at)]
    return Allowance(
        country=country,
        cost=cost,
        unit=prices.unit if prices else None,
        capped=any(cap is not None for _, cap in caps),
        allowed=countries is None or countries.allows(country),
        spend=tuple(spend),
        velocity=tuple(_of_country(countries, country, at)),
    )


def cost_of(prices: Prices, country: str, parcel: Parcel) -> Decimal | None:
    """Return what a message costs by the price list; None where the list does not say."""
    usual = prices.for_country(country)
    if usual is None:
        return None
    kind = _PRICED.get(kind_of(parcel.sender))
    special = usual.senders.get(kind) if kind else None
    if parcel.has_media:
        return usual.mms if special is None or special.mms is None else special.mms
    segment = usual.segment if special is None or special.segment is None else special.segment
    return segment * parcel.segments


def _of_money(
    caps: SpendCaps | None, service: str | None, cost: Decimal, prices: Prices | None, at: datetime
) -> Iterator[Draw]:
    if caps is None or prices is None:
        return
    whose = f"service {service}" if service else "the tenant"
    for limit, period in ((caps.per_day, day_of(at)), (caps.per_month, month_of(at))):
        if limit is not None:
            meter = f"spend:{period.name}" + (f":{service}" if service else "")
            words = f"{whose} may spend {limit:f} {prices.unit} a {period.name}"
            yield Draw(meter, period, cost, limit, words, caps.when_reached)


def _of_country(policy: CountryPolicy | None, country: str, at: datetime) -> Iterator[Draw]:
    caps = policy.caps_of(country) if policy else None
    if policy is None or caps is None:
        return
    for limit, period in ((caps.per_hour, hour_of(at)), (caps.per_day, day_of(at))):
        if limit is not None:
            words = f"{limit} messages may go to {country} in one {period.name}"
            meter = f"country:{period.name}:{country}"
            yield Draw(meter, period, Decimal(1), Decimal(limit), words, policy.when_reached)
