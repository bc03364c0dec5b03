"""For whom a statement about consent holds: one service, or all of a tenant's."""

from messaging_pipeline.configuration import Configuration
from messaging_pipeline.consent.ledger import ALL_SERVICES
from messaging_pipeline.consent.terms import ALL_TENANTS
from messaging_pipeline.errors import InvalidInput
from messaging_pipeline.keywords.reach import anybody_shares


def require_scope(configuration: Configuration, scope: str, tenant: str) -> None:
    """Raise InvalidInput for a service or tenant that there is not: nobody would heed it."""
    if tenant == ALL_TENANTS:
        _require_sharing(configuration, scope)
    elif scope != ALL_SERVICES:
        configuration.service(scope, tenant)
    elif tenant not in {*configuration.tenants, *(service.tenant for service in configuration.services.values())}:
        raise InvalidInput("tenant", "is unknown", "declare it in messaging.toml")


def _require_sharing(configuration: Configuration, scope: str) -> None:
    if scope != ALL_SERVICES:
        raise InvalidInput("service", "is one tenant's", f"what all tenants share is about {ALL_SERVICES}")
    if not anybody_shares(configuration):
        raise InvalidInput(
            "tenant", "no service shares its opt-outs", 'give those that do opt_out_scope = "global" in messaging.toml'
        )
