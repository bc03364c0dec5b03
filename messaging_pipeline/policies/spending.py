"""What ``messaging.toml`` says about money: what messages cost, what may be spent, how many may go to a country."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.messages.countries import ELSEWHERE, Country
from messaging_pipeline.validation.shapes import CURRENCY

_STRICT = ConfigDict(extra="forbid", hide_input_in_errors=True)

Price = Annotated[Decimal, Field(ge=0, le=1_000, max_digits=10, decimal_places=6)]
Amount = Annotated[Decimal, Field(gt=0, le=1_000_000_000, max_digits=16, decimal_places=6)]
Count = Annotated[int, Field(ge=1, le=1_000_000_000)]
Unit = Annotated[str, CURRENCY]
WhenReached = Literal["hold", "refuse"]
"""What becomes of a message that a limit has no room for: it waits for the next period, or it ends."""

PricedSender = Literal["number", "toll_free", "short_code", "alphanumeric"]


@dataclass(frozen=True, config=_STRICT)
class SenderPrice:
    """What a segment of an SMS costs, and an MMS, from one kind of sender; what is unset costs what it does usually."""

    segment: Price | None = None
    mms: Price | None = None


@dataclass(frozen=True, config=_STRICT)
class CountryPrice:
    """What a segment of an SMS to a country costs, and an MMS, the carriers' fees included.

    ``senders`` says what differs by the kind of sender. Without ``mms``, nothing is known about the price of one.
    """

    segment: Price
    mms: Price | None = None
    senders: dict[PricedSender, SenderPrice] = Field(default_factory=dict)


@dataclass(frozen=True, config=_STRICT)
class Prices:
    """A price list in one currency (ISO 4217), by the recipient's country; ``*`` is every country that is not named."""

    unit: Unit
    to: Annotated[dict[Country, CountryPrice], Field(min_length=1)]

    def for_country(self, country: str) -> CountryPrice | None:
        """Return the price of a country, or that of all others; None when nobody has said."""
        return self.to.get(country) or self.to.get(ELSEWHERE)


@dataclass(frozen=True, config=_STRICT)
class SpendCaps:
    """What may be spent, by our price list, on one day and in one month of UTC.

    ``when_reached`` says what becomes of a message for which there is no room left.
    """

    per_day: Amount | None = None
    per_month: Amount | None = None
    when_reached: WhenReached = "hold"

    @model_validator(mode="after")
    def _caps_something(self) -> Self:
        if self.per_day is None and self.per_month is None:
            raise ValueError("caps nothing; give per_day, per_month or both")
        return self


@dataclass(frozen=True, config=_STRICT)
class CountryCaps:
    """How many messages may go to one country in one hour and on one day of UTC."""

    per_hour: Count | None = None
    per_day: Count | None = None

    @model_validator(mode="after")
    def _caps_something(self) -> Self:
        if self.per_hour is None and self.per_day is None:
            raise ValueError("caps nothing; give per_hour, per_day or both")
        return self


@dataclass(frozen=True, config=_STRICT)
class CountryPolicy:
    """To which countries a tenant writes, and how fast: a burst to a faraway country is most often somebody's fraud.

    ``allowed`` are the only countries that are written to; unset, all are. ``caps`` hold for a country each; the ones
    of ``*`` for each country that is not named.
    """

    allowed: Annotated[tuple[Country, ...], Field(min_length=1)] | None = None
    caps: dict[Country, CountryCaps] = Field(default_factory=dict)
    when_reached: WhenReached = "hold"

    @model_validator(mode="after")
    def _names_countries(self) -> Self:
        if self.allowed is not None and ELSEWHERE in self.allowed:
            raise ValueError("allowed has *; leave it out to write to every country")
        return self

    def allows(self, country: str) -> bool:
        """Tell whether a country may be written to."""
        return self.allowed is None or country in self.allowed

    def caps_of(self, country: str) -> CountryCaps | None:
        """Return what limits a country, if anything does."""
        return self.caps.get(country) or self.caps.get(ELSEWHERE)


def refuse_caps_without_prices(
    prices: Prices | None,
    tenants: Mapping[str, SpendCaps | None],
    services: Mapping[str, SpendCaps | None],
    file: str | None,
) -> None:
    """Raise InvalidSettings for a cap on money where no price is known: nothing is invented."""
    caps = {f"tenants.{key}.spend": one for key, one in tenants.items()}
    caps |= {f"services.{key}.spend": one for key, one in services.items()}
    for place, cap in caps.items():
        if cap is not None and prices is None:
            raise InvalidSettings(
                f"MESSAGING_CONFIG {place}",
                f"caps what is spent, and there is no price list (in {file})",
                "declare [prices] with a unit and the prices of your contract, or remove the cap",
            )
