"""Whom the doctor looks at: one installation's settings, its tenants, and the way to Twilio."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from messaging_pipeline.clock import Clock, SystemClock
from messaging_pipeline.configuration import Configuration, Service, Tenant, load_configuration
from messaging_pipeline.doctor.remote import Remote
from messaging_pipeline.errors import NotFound
from messaging_pipeline.settings import Settings
from messaging_pipeline.twilio_api.accounts import Accounts

_CONNECTIONS = 1


@dataclass(frozen=True, slots=True)
class Patient:
    """An installation, and the tenants that are looked at: all of them, or the one that was asked for."""

    settings: Settings
    configuration: Configuration
    clock: Clock
    accounts: Accounts
    tenants: Mapping[str, Tenant]
    remote: Remote

    @property
    def services(self) -> Mapping[str, Service]:
        """The services of the tenants that are looked at."""
        return {key: one for key, one in self.configuration.services.items() if one.tenant in self.tenants}


@contextmanager
def patient(settings: Settings, tenant: str | None = None, clock: Clock | None = None) -> Iterator[Patient]:
    """Prepare for an examination, of one tenant if one is named; nothing is connected before it is used.

    Raises InvalidSettings, and NotFound when there is no such tenant.
    """
    configuration = load_configuration(settings)
    tenants = {key: one for key, one in configuration.tenants.items() if tenant in (None, key)}
    if tenant is not None and not tenants:
        raise NotFound("tenant", tenant)
    accounts = Accounts(settings, configuration, _CONNECTIONS)
    try:
        yield Patient(settings, configuration, clock or SystemClock(), accounts, tenants, Remote(accounts))
    finally:
        accounts.close()
