"""Tenants that an operator names."""

from messaging_pipeline.configuration import DEFAULT_TENANT, Configuration
from messaging_pipeline.errors import InvalidInput


def refuse_undeclared(tenant: str, configuration: Configuration) -> None:
    """Raise InvalidInput for a tenant that there is not: it would find nothing, and look as if all were well."""
    known = {DEFAULT_TENANT, *configuration.tenants}
    if tenant not in known:
        raise InvalidInput("--tenant", f"{tenant!r} is not declared", f"use one of: {', '.join(sorted(known))}")
