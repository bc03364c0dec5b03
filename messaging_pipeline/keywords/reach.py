"""How far a STOP or a START reaches: the service written to, its tenant, or every tenant that shares its opt-outs."""

from typing import Literal

from messaging_pipeline.configuration import Configuration
from messaging_pipeline.policies.keywords import KeywordPolicy

Reach = Literal["service", "tenant", "global"]

_NONE = KeywordPolicy()


def reach_of(configuration: Configuration, tenant: str, service: str | None) -> Reach:
    """Return what the service's policy says, or else its tenant's; a service that there is no more says nothing."""
    own = configuration.services[service].keywords if service in configuration.services else _NONE
    wide = configuration.tenants[tenant].keywords if tenant in configuration.tenants else _NONE
    return own.opt_out_scope or wide.opt_out_scope or "service"


def anybody_shares(configuration: Configuration) -> bool:
    """Tell whether any service shares the opt-outs of all tenants that do."""
    return any(reach_of(configuration, one.tenant, key) == "global" for key, one in configuration.services.items())
