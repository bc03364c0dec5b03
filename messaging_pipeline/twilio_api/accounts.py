"""One client for each tenant's account, made when it is first needed."""

from threading import Lock

from messaging_pipeline.configuration import Configuration
from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.settings import Settings
from messaging_pipeline.twilio_api.client import TwilioApi


class Accounts:
    """Knows every tenant's account at Twilio. May be used by many threads at once."""

    def __init__(self, settings: Settings, configuration: Configuration, pool_size: int) -> None:
        """Prepare; nothing is read and nothing connected yet."""
        self._settings = settings
        self._configuration = configuration
        self._pool_size = pool_size
        self._apis: dict[str, TwilioApi] = {}
        self._lock = Lock()

    def of(self, tenant: str) -> TwilioApi:
        """Return the client of a tenant's account; raises InvalidSettings when it has none, or no token."""
        with self._lock:
            if tenant not in self._apis:
                self._apis[tenant] = self._make(tenant)
            return self._apis[tenant]

    def close(self) -> None:
        """Close the connections that no thread is using."""
        with self._lock:
            for api in self._apis.values():
                api.close()

    def _make(self, tenant: str) -> TwilioApi:
        account = self._configuration.tenants.get(tenant)
        if account is None:
            raise InvalidSettings(
                "TWILIO_ACCOUNT_SID",
                f"is not set, and tenant {tenant!r} is declared nowhere else",
                "set it and TWILIO_AUTH_TOKEN",
            )
        secret = self._settings.read_secret(account.api_key_secret or account.auth_token)
        return TwilioApi(
            account.account_sid,
            secret,
            self._settings.api_base_url,
            api_key=account.api_key,
            pool_size=self._pool_size,
        )
