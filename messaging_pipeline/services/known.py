"""Tells a service that is configured from a name that is none."""

from messaging_pipeline.configuration import Configuration
from messaging_pipeline.errors import InvalidInput
from messaging_pipeline.ids import ServiceKey


def known_service(configuration: Configuration, name: str, tenant: str | None = None) -> ServiceKey:
    """Return the key of a configured service, whichever tenant's unless one is named.

    Raises InvalidInput naming those there are, and to a tenant only its own.
    """
    if tenant is not None:
        configuration.service(name, tenant)
    if name not in configuration.services:
        known = ", ".join(sorted(configuration.services))
        raise InvalidInput("service", "is unknown", f"use one of: {known}" if known else "declare it in messaging.toml")
    return ServiceKey(name)
