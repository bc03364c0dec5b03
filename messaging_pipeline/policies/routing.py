"""Routes: which service a message takes, by the country of its recipient, when it names a route and no service."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.messages.countries import ELSEWHERE, Country
from messaging_pipeline.validation.shapes import NAME

RouteName = Annotated[str, NAME]
Route = dict[RouteName, Annotated[tuple[Country, ...], Field(min_length=1)]]
"""The countries of each service."""


@dataclass(frozen=True, slots=True)
class Way:
    """The service that a route leads to, and why, for people."""

    service: str
    reason: str


def way_to(route: Route, name: str, country: str) -> Way | None:
    """Return where a route leads for a country; None when it leads nowhere."""
    services = {one: service for service, countries in route.items() for one in countries}
    for place in (country, ELSEWHERE):
        if place in services:
            return Way(services[place], f"route {name}: {country} goes by {services[place]}")
    return None


def refuse_wrong_routes(routes: Mapping[str, Route], tenants: Mapping[str, str], file: str | None) -> None:
    """Raise InvalidSettings for a country with two routes, a service that is none, and a route of two tenants.

    ``tenants`` holds the tenant of each service.
    """
    for name, route in routes.items():
        taken: dict[str, str] = {}
        for service, countries in route.items():
            place = f"MESSAGING_CONFIG routes.{name}.{service}"
            if service not in tenants:
                raise InvalidSettings(place, f"there is no service {service!r} (in {file})", f"declare {service!r}")
            for country in countries:
                if country in taken:
                    reason = f"{country} goes by {taken[country]!r} already (in {file})"
                    raise InvalidSettings(place, reason, "give each country one service")
                taken[country] = service
        if len({tenants[service] for service in route}) > 1:
            reason = f"its services are not all the same tenant's (in {file})"
            raise InvalidSettings(f"MESSAGING_CONFIG routes.{name}", reason, "make a route for each tenant")
