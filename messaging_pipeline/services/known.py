"""Tells a service that is configured from a name that is none."""

from messaging_pipeline.configuration import Configuration
from messaging_pipeline.errors import InvalidInput
from messaging_pipeline.ids import ServiceKey


def known_service(configuration: Configuration, name: str) -> ServiceKey:
    """Return the key of a configured service, whichever tenant's; raises InvalidInput naming those there are."""
    if name not in configuration.services:
        known = ", ".join(sorted(configuration.services))
        raise InvalidInput("service", "is unknown", f"use one of: {known}" if known else "declare it in messaging.toml")
    return ServiceKey(name)
