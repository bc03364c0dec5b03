"""Makes the ticket desks of ``messaging.toml``: a system with its login, and who knows the customers."""

from collections.abc import Mapping
from dataclasses import dataclass

from messaging_pipeline.configuration import Configuration
from messaging_pipeline.policies.tickets import TicketPolicy
from messaging_pipeline.settings import Settings
from messaging_pipeline.tickets.contract import TicketSystem
from messaging_pipeline.tickets.customers import CustomerOf, customers_from
from messaging_pipeline.tickets.jira import Jira
from messaging_pipeline.tickets.rest_wire import Login
from messaging_pipeline.tickets.servicenow import ServiceNow
from messaging_pipeline.tickets.zendesk import Zendesk


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a service's inbound messages go."""

    policy: TicketPolicy
    system: TicketSystem
    customer_of: CustomerOf


class Desks:
    """All desks, by name. Made when a worker starts: one without its token must not start."""

    def __init__(self, settings: Settings, configuration: Configuration) -> None:
        """Read the secrets and load the look-ups; raises InvalidSettings. Nothing is connected yet."""
        self._desks: Mapping[str, Desk] = {
            name: Desk(
                policy,
                _system(Login(name, policy.url, policy.user, settings.read_secret(policy.secret)), policy),
                customers_from(policy.customers, f"MESSAGING_CONFIG tickets.{name}.customers"),
            )
            for name, policy in configuration.tickets.items()
        }

    def of(self, name: str, tenant: str) -> Desk | None:
        """Return a tenant's desk; None when it is configured no longer, or has become another tenant's."""
        desk = self._desks.get(name)
        return desk if desk is not None and desk.policy.tenant == tenant else None

    def close(self) -> None:
        """Close the connections that no thread is using."""
        for desk in self._desks.values():
            desk.system.close()


def _system(login: Login, policy: TicketPolicy) -> TicketSystem:
    if policy.system == "zendesk":
        return Zendesk(login)
    if policy.system == "servicenow":
        return ServiceNow(login, policy.table)
    return Jira(login, policy.project or "", policy.issue_type)
