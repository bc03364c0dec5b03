"""What one part of the file says against another: each is refused at start, by its place."""

from messaging_pipeline.configuration.keys import DEFAULT_TENANT
from messaging_pipeline.configuration.service import Service
from messaging_pipeline.configuration.whole import Configuration
from messaging_pipeline.errors import InvalidInput, InvalidSettings
from messaging_pipeline.policies.events import refuse_events_to_nobody
from messaging_pipeline.policies.keywords import refuse_handlers_of_others
from messaging_pipeline.policies.media import refuse_unknown_tenants
from messaging_pipeline.policies.receivers import refuse_receivers_of_nobody
from messaging_pipeline.policies.routing import refuse_wrong_routes
from messaging_pipeline.policies.spending import refuse_caps_without_prices
from messaging_pipeline.policies.tickets import refuse_desks_of_nobody


def refuse_contradictions(configuration: Configuration, path: str | None) -> None:
    """Raise InvalidSettings for the first place in the file at ``path`` that another one contradicts."""
    tenants = {DEFAULT_TENANT, *configuration.tenants}
    tenant_of = {key: service.tenant for key, service in configuration.services.items()}
    _refuse_orphans(configuration, path)
    refuse_desks_of_nobody(configuration.tickets, tenants, path)
    _refuse_desks_of_others(configuration, path)
    refuse_receivers_of_nobody(configuration.receivers, tenants, path)
    _refuse_rivals(configuration, path)
    tenants_of_receivers = {key: receiver.tenant for key, receiver in configuration.receivers.items()}
    refuse_handlers_of_others(configuration.keyword_policies(), tenants_of_receivers, path)
    refuse_events_to_nobody(configuration.events, tenants, tenant_of, tenants_of_receivers, path)
    refuse_wrong_routes(configuration.routes, tenant_of, path)
    _refuse_shared_accounts(configuration, path)
    refuse_unknown_tenants(configuration.media, tenants, path)
    caps_of_tenants = {key: tenant.spend for key, tenant in configuration.tenants.items()}
    caps_of_services = {key: service.spend for key, service in configuration.services.items()}
    refuse_caps_without_prices(configuration.prices, caps_of_tenants, caps_of_services, path)


def _refuse_rivals(configuration: Configuration, path: str | None) -> None:
    """Two services that would answer the same missed calls leave nobody to decide."""
    answering: dict[tuple[str, str | None], str] = {}
    for key, service in configuration.services.items():
        if service.missed_call_text is None:
            continue
        rival = answering.setdefault((service.tenant, service.from_number), key)
        if rival != key:
            raise InvalidSettings(
                f"MESSAGING_CONFIG services.{key}.missed_call_text",
                f"{rival!r} answers the same calls (in {path})",
                "give the text to one of them, or each a from_number of its own",
            )


def _refuse_desks_of_others(configuration: Configuration, path: str | None) -> None:
    for key, service in configuration.services.items():
        desk = configuration.tickets.get(service.inbound_tickets or "")
        if service.inbound_tickets is not None and (desk is None or desk.tenant != service.tenant):
            raise InvalidSettings(
                f"MESSAGING_CONFIG services.{key}.inbound_tickets",
                f"tenant {service.tenant!r} has no ticket desk {service.inbound_tickets!r} (in {path})",
                f"declare [tickets.{service.inbound_tickets}] with this tenant, or name another desk",
            )


def _refuse_orphans(configuration: Configuration, path: str | None) -> None:
    for key, service in configuration.services.items():
        _refuse_plan(configuration, key, service, path)
        if service.daily_cap is not None and service.daily_cap not in configuration.caps:
            raise InvalidSettings(
                f"MESSAGING_CONFIG services.{key}.daily_cap",
                f"there is no cap {service.daily_cap!r} (in {path})",
                f"declare [caps.{service.daily_cap}], or name another cap",
            )
        if service.tenant not in configuration.tenants and service.tenant != DEFAULT_TENANT:
            raise InvalidSettings(
                f"MESSAGING_CONFIG services.{key}.tenant",
                f"there is no tenant {service.tenant!r} (in {path})",
                f"declare [tenants.{service.tenant}], or name another tenant",
            )


def _refuse_plan(configuration: Configuration, key: str, service: Service, path: str | None) -> None:
    try:
        configuration.check_plan(service.fallback, service.tenant)
    except InvalidInput as error:
        place = f"MESSAGING_CONFIG services.{key}.{error.field}"
        raise InvalidSettings(place, f"{error.reason} (in {path})", error.remedy) from None


def _refuse_shared_accounts(configuration: Configuration, path: str | None) -> None:
    """Two tenants in one account would read each other's messages in Twilio's lists, and sign with one token."""
    owners: dict[str, str] = {}
    for key, tenant in configuration.tenants.items():
        owner = owners.setdefault(tenant.account_sid.lower(), key)
        if owner != key:
            raise InvalidSettings(
                f"MESSAGING_CONFIG tenants.{key}.account_sid",
                f"tenant {owner!r} has the same account (in {path})",
                "give each tenant an account or a subaccount of its own",
            )
