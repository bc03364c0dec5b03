"""One client for each tenant's account, made when it is first needed."""

from dataclasses import dataclass, field
from threading import Lock

from urllib3.util import make_headers

from messaging_pipeline.configuration import Configuration, Tenant
from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.settings import Settings
from messaging_pipeline.twilio_api.client import (
    DEFAULT_ACCOUNTS_BASE_URL,
    DEFAULT_BASE_URL,
    DEFAULT_MESSAGING_BASE_URL,
    DEFAULT_VERIFY_BASE_URL,
    TwilioApi,
)
from messaging_pipeline.twilio_api.lookups_api import DEFAULT_LOOKUPS_BASE_URL, LookupsApi
from messaging_pipeline.twilio_api.verify_api import VerifyApi


@dataclass(frozen=True, slots=True)
class TwilioLogin:
    """Where an account's API is, and the header that opens it (HTTP Basic, RFC 7617); it must go nowhere else."""

    base_url: str
    authorization: str = field(repr=False)


class Accounts:
    """Knows every tenant's account at Twilio. May be used by many threads at once."""

    def __init__(self, settings: Settings, configuration: Configuration, pool_size: int) -> None:
        """Prepare; nothing is read and nothing connected yet."""
        self._settings = settings
        self._configuration = configuration
        self._pool_size = pool_size
        self._apis: dict[str, TwilioApi] = {}
        self._verify_apis: dict[str, VerifyApi] = {}
        self._lookups_apis: dict[str, LookupsApi] = {}
        self._lock = Lock()

    def of(self, tenant: str) -> TwilioApi:
        """Return the client of a tenant's account; raises InvalidSettings when it has none, or no token."""
        with self._lock:
            if tenant not in self._apis:
                self._apis[tenant] = self._make(tenant)
            return self._apis[tenant]

    def login_of(self, tenant: str) -> TwilioLogin:
        """Return what opens a tenant's account, for what the client has no method for; raises InvalidSettings."""
        account = self._account(tenant)
        secret = self._settings.read_secret(account.api_key_secret or account.auth_token)
        header = make_headers(basic_auth=f"{account.api_key or account.account_sid}:{secret}")["authorization"]
        return TwilioLogin(self._settings.api_base_url, header)

    def opened_with(self, tenant: str, token: str) -> TwilioApi:
        """Return a client that uses one of the account's tokens, by reference; raises InvalidSettings.

        It is for who wants to know whether that token is good, and is the caller's to close.
        """
        return self._client(self._account(tenant), token, None)

    def verify_of(self, tenant: str) -> VerifyApi:
        """Return the client of a tenant's Verify service; raises InvalidSettings when it has none."""
        with self._lock:
            if tenant not in self._verify_apis:
                self._verify_apis[tenant] = self._make_verify(tenant)
            return self._verify_apis[tenant]

    def lookups_of(self, tenant: str) -> LookupsApi:
        """Return the client of Lookup for a tenant's account; raises InvalidSettings when it has none, or no token."""
        with self._lock:
            if tenant not in self._lookups_apis:
                self._lookups_apis[tenant] = self._make_lookups(tenant)
            return self._lookups_apis[tenant]

    def close(self) -> None:
        """Close the connections that no thread is using."""
        with self._lock:
            for api in self._apis.values():
                api.close()
            for verify in self._verify_apis.values():
                verify.close()
            for lookups in self._lookups_apis.values():
                lookups.close()

    def _make_lookups(self, tenant: str) -> LookupsApi:
        account, settings = self._account(tenant), self._settings
        return LookupsApi(
            account.account_sid,
            settings.read_secret(account.api_key_secret or account.auth_token),
            settings.lookups_base_url or _beside(settings.api_base_url, DEFAULT_LOOKUPS_BASE_URL),
            api_key=account.api_key,
            pool_size=self._pool_size,
        )

    def _make_verify(self, tenant: str) -> VerifyApi:
        account = self._account(tenant)
        if account.verify_service_sid is None:
            raise InvalidSettings(
                f"MESSAGING_CONFIG tenants.{tenant}.verify_service_sid",
                "is not set, so there is no Verify service for one-time codes",
                "give the service's SID (VA...)",
            )
        return VerifyApi(
            account.account_sid,
            self._settings.read_secret(account.api_key_secret or account.auth_token),
            self._settings.verify_base_url or _beside(self._settings.api_base_url, DEFAULT_VERIFY_BASE_URL),
            account.verify_service_sid,
            api_key=account.api_key,
            pool_size=self._pool_size,
        )

    def _account(self, tenant: str) -> Tenant:
        account = self._configuration.tenants.get(tenant)
        if account is None and (declared := self._configuration.tenants):
            raise InvalidSettings("tenant", f"{tenant!r} is not declared", f"use one of: {', '.join(sorted(declared))}")
        if account is None:
            raise InvalidSettings(
                "TWILIO_ACCOUNT_SID",
                f"is not set, and no tenant is declared, {tenant!r} neither",
                "set it and TWILIO_AUTH_TOKEN",
            )
        return account

    def _make(self, tenant: str) -> TwilioApi:
        account = self._account(tenant)
        return self._client(account, account.api_key_secret or account.auth_token, account.api_key)

    def _client(self, account: Tenant, reference: str, api_key: str | None) -> TwilioApi:
        base_url = self._settings.api_base_url
        return TwilioApi(
            account.account_sid,
            self._settings.read_secret(reference),
            base_url,
            api_key=api_key,
            accounts_base_url=self._settings.accounts_api_base_url or _beside(base_url, DEFAULT_ACCOUNTS_BASE_URL),
            messaging_base_url=self._settings.messaging_api_base_url or _beside(base_url, DEFAULT_MESSAGING_BASE_URL),
            pool_size=self._pool_size,
        )


def _beside(api_base_url: str, default: str) -> str:
    """Whatever stands in for Twilio stands in for all of it."""
    return default if api_base_url == DEFAULT_BASE_URL else api_base_url
