"""The accounts of the simulation: who may call the API, and how many calls each has open."""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass

from messaging_pipeline.simulator.configuration import AccountConfig


@dataclass(slots=True)
class Account:
    """One account. ``open_requests`` counts its API requests that have not been answered yet."""

    sid: str
    token: str
    created_at: float
    media_auth: bool = False
    closed_countries: tuple[str, ...] = ()
    open_requests: int = 0


class AccountBook:
    """All accounts, found by sid or by the Authorization header of a request."""

    def __init__(self, configs: tuple[AccountConfig, ...], created_at: float) -> None:
        self._by_sid = {
            one.sid: Account(one.sid, one.token, created_at, one.media_auth, one.closed_countries) for one in configs
        }
        self._by_header = {
            _basic(credentials): self._by_sid[config.sid]
            for config in configs
            for credentials in (f"{config.sid}:{config.token}", *config.api_keys)
        }

    def __iter__(self) -> Iterator[Account]:
        return iter(self._by_sid.values())

    def authenticate(self, authorization: str | None) -> Account | None:
        """Return the account whose sid and token, or API key, the header carries (HTTP Basic, RFC 7617)."""
        return self._by_header.get(authorization or "")

    def is_by_key(self, authorization: str | None) -> bool:
        """Tell whether a header that opens an account carries an API key."""
        account = self.authenticate(authorization)
        return account is not None and authorization != _basic(f"{account.sid}:{account.token}")

    def may_see_media(self, sid: str, authorization: str | None) -> bool:
        """Tell whether a request may have the files of an account's messages."""
        account = self._by_sid[sid]
        return not account.media_auth or self.authenticate(authorization) is account

    def token_of(self, sid: str) -> str:
        """Return the token that signs this account's webhooks."""
        return self._by_sid[sid].token


def _basic(credentials: str) -> str:
    return "Basic " + b64encode(credentials.encode()).decode()
