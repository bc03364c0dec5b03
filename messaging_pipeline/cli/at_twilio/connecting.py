"""A tenant's account at Twilio for one command; neither the database nor Redis is needed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from messaging_pipeline.configuration import Tenant, load_configuration
from messaging_pipeline.settings import Settings
from messaging_pipeline.twilio_api.accounts import Accounts
from messaging_pipeline.twilio_api.administration import Administration
from messaging_pipeline.twilio_api.client import TwilioApi


@dataclass(frozen=True, slots=True)
class AccountAtTwilio:
    """Whose account it is, and what speaks to it."""

    tenant: str
    api: TwilioApi

    @property
    def administration(self) -> Administration:
        """What is asked about services and numbers."""
        return self.api.administration


@contextmanager
def account_of(tenant: str) -> Iterator[AccountAtTwilio]:
    """Connect with a tenant's credentials, as the pipeline does; raises InvalidSettings when it has none."""
    settings = Settings.from_environment(os.environ)
    accounts = Accounts(settings, load_configuration(settings), pool_size=1)
    try:
        yield AccountAtTwilio(tenant, accounts.of(tenant))
    finally:
        accounts.close()


def known_tenants() -> dict[str, Tenant]:
    """Return every tenant that the settings declare; nobody is asked. Raises InvalidSettings."""
    return load_configuration(Settings.from_environment(os.environ)).tenants
