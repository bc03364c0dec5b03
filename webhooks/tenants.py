"""Whose callback a request is: the path says so, or the AccountSid in its form, by whose tokens it must be signed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from messaging_pipeline.configuration import DEFAULT_TENANT, Configuration, Tenant
from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.settings import Settings
from messaging_pipeline.twilio_api.callbacks import MalformedCallback
from messaging_pipeline.twilio_api.sids import ACCOUNT_SID


@dataclass(frozen=True, slots=True)
class Signer:
    """A tenant's account, and the tokens with which Twilio signs for it: the primary, then the secondary."""

    account_sid: str
    tokens: tuple[str, ...] = field(repr=False)

    def is_named_by(self, accounts: Sequence[str]) -> bool:
        """Tell whether a form names this account each time it names one; raises MalformedCallback."""
        if not all(ACCOUNT_SID.fullmatch(account) for account in accounts):
            raise MalformedCallback("AccountSid")
        return all(account.lower() == self.account_sid for account in accounts)


@dataclass(frozen=True, slots=True)
class Signers:
    """Everybody for whom Twilio signs, by tenant, and the tenants by their accounts."""

    by_tenant: Mapping[str, Signer]
    by_account: Mapping[str, str]

    def tenant_of(self, accounts: Sequence[str]) -> str | None:
        """Return the tenant that a form claims to be of, or None when the account that it names is nobody's.

        Nobody has proven anything yet: this only picks the tokens that must then match. A form that names no account,
        or something that is none, is the default tenant's.
        """
        if not accounts or not ACCOUNT_SID.fullmatch(accounts[0]):
            return DEFAULT_TENANT
        return self.by_account.get(accounts[0].lower())


def tokens_by_tenant(configuration: Configuration, settings: Settings) -> Signers:
    """Follow every tenant's references to its tokens.

    Raises InvalidSettings when one leads nowhere, or when there is no tenant whose callbacks could be verified.
    """
    if not configuration.tenants:
        raise InvalidSettings(
            "TWILIO_ACCOUNT_SID",
            "is not set and no tenant is declared, so no callback could be verified",
            "set it and TWILIO_AUTH_TOKEN, or declare tenants in messaging.toml",
        )
    signers = {
        key: Signer(tenant.account_sid.lower(), tuple(map(settings.read_secret, _references(tenant))))
        for key, tenant in configuration.tenants.items()
    }
    return Signers(signers, {signer.account_sid: key for key, signer in signers.items()})


def _references(tenant: Tenant) -> list[str]:
    return [reference for reference in (tenant.auth_token, tenant.auth_token_secondary) if reference]
