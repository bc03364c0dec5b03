"""All that the file declares, in one object that is parsed once and trusted after."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field

from messaging_pipeline.configuration.keys import DEFAULT_TENANT, Key
from messaging_pipeline.configuration.limits import DailyCap, ReconcilePolicy
from messaging_pipeline.configuration.service import Service
from messaging_pipeline.configuration.tenant import Tenant
from messaging_pipeline.errors import InvalidInput
from messaging_pipeline.ids import E164
from messaging_pipeline.messages.phone_numbers import country_of
from messaging_pipeline.messages.plan import HttpStep, SmsStep, Step
from messaging_pipeline.policies.compliance import QuietHours
from messaging_pipeline.policies.events import EventsPolicy
from messaging_pipeline.policies.keywords import KeywordPolicy
from messaging_pipeline.policies.lookup import LookupPolicy
from messaging_pipeline.policies.media import MediaPolicy
from messaging_pipeline.policies.receivers import Receiver
from messaging_pipeline.policies.routing import Route, RouteName, Way, way_to
from messaging_pipeline.policies.spending import Prices
from messaging_pipeline.policies.tickets import TicketPolicy


class Configuration(BaseModel):
    """All tenants, services, caps and fallback receivers, by key, and how reconciliation goes about its work."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    tenants: dict[Key, Tenant] = Field(default_factory=dict)
    services: dict[Key, Service] = Field(default_factory=dict)
    tickets: dict[Key, TicketPolicy] = Field(default_factory=dict)
    caps: dict[Key, DailyCap] = Field(default_factory=dict)
    receivers: dict[Key, Receiver] = Field(default_factory=dict)
    events: dict[Key, EventsPolicy] = Field(default_factory=dict)
    reconcile: ReconcilePolicy = Field(default_factory=ReconcilePolicy)
    quiet_hours: QuietHours | None = None
    media: MediaPolicy = Field(default_factory=MediaPolicy)
    routes: dict[RouteName, Route] = Field(default_factory=dict)
    prices: Prices | None = None

    def service(self, key: str, tenant: str) -> Service:
        """Return a tenant's service; raises InvalidInput when there is no such tenant, or it has none of this name."""
        if tenant not in self.tenants and tenant != DEFAULT_TENANT:
            # Whoever hands over for one tenant need not learn the names of the others.
            raise InvalidInput("tenant", f"{tenant!r} is not declared", f"declare [tenants.{tenant}] in messaging.toml")
        service = self.services.get(key)
        if service is None or service.tenant != tenant:
            known = ", ".join(sorted(name for name, one in self.services.items() if one.tenant == tenant))
            raise InvalidInput(
                "service",
                f"tenant {tenant!r} has no service of this name" if tenant in self.tenants else "is unknown",
                f"use one of: {known}" if known else "declare it in messaging.toml",
            )
        return service

    def keyword_policies(self) -> dict[str, tuple[str, KeywordPolicy]]:
        """Return every policy about keywords by its place in the file, each with the tenant whose it is."""
        of_tenants = {f"tenants.{key}": (key, tenant.keywords) for key, tenant in self.tenants.items()}
        return of_tenants | {f"services.{key}": (one.tenant, one.keywords) for key, one in self.services.items()}

    def quiet_hours_of(self, service: Service) -> QuietHours | None:
        """Return the quiet hours that a service keeps: its own, or its tenant's, or else those of all."""
        tenant = self.tenants.get(service.tenant)
        policy = service.quiet_hours or (tenant and tenant.quiet_hours) or self.quiet_hours
        return policy if policy is not None and policy.enabled else None

    def lookup_of(self, service: Service) -> LookupPolicy | None:
        """Return how a service has numbers looked up: by its own policy or its tenant's; None if it has not."""
        tenant = self.tenants.get(service.tenant)
        policy = service.lookup or (tenant.lookup if tenant else None)
        return policy if policy is not None and policy.enabled else None

    def way(self, name: str, tenant: str, to: E164) -> Way | None:
        """Return where a tenant's route of this name leads for a recipient; None when the name is a service's.

        That is so when there is no such route, or when it does not know the country and a service has its name.
        Raises InvalidInput when the route leads nowhere.
        """
        route = self.routes.get(name, {})
        if not any(self.services[service].tenant == tenant for service in route):
            return None
        country = country_of(to)
        way = way_to(route, name, country)
        if way is None and name not in self.services:
            raise InvalidInput("to", f"route {name!r} leads nowhere for {country}", f"give {country} or * a service")
        return way

    def check_plan(self, plan: Sequence[Step], tenant: str) -> None:
        """Raise InvalidInput when a step names a service or a receiver that the tenant does not have."""
        for position, step in enumerate(plan):
            field = f"fallback.{position}"
            if isinstance(step, HttpStep):
                self._check_receiver(step.to, tenant, f"{field}.to")
            if isinstance(step, SmsStep) and step.service is not None:
                self._check_service(step.service, tenant, f"{field}.service")

    def _check_receiver(self, key: str, tenant: str, field: str) -> None:
        receiver = self.receivers.get(key)
        if receiver is None or receiver.tenant != tenant:
            raise InvalidInput(
                field, "is no receiver of this tenant's", "declare it in messaging.toml, or name another"
            )

    def _check_service(self, key: str, tenant: str, field: str) -> None:
        try:
            self.service(key, tenant)
        except InvalidInput as error:
            raise InvalidInput(field, error.reason, error.remedy) from None
