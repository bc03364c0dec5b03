"""For whom a statement about consent holds: one service, or all of a tenant's."""

from messaging_pipeline.configuration import Configuration
from messaging_pipeline.consent.ledger import ALL_SERVICES
from messaging_pipeline.errors import InvalidInput


def require_scope(configuration: Configuration, scope: str, tenant: str) -> None:
    """Raise InvalidInput for a service or tenant that there is not: nobody would heed it."""
    if scope != ALL_SERVICES:
        configuration.service(scope, tenant)
    elif tenant not in {*configuration.tenants, *(service.tenant for service in configuration.services.values())}:
        raise InvalidInput("tenant", "is unknown", "declare it in messaging.toml")
