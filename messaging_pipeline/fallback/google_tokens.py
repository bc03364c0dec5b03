"""Access tokens for a service account, from Google's own library; each serves for an hour, minus some minutes."""

import ssl
from collections.abc import Mapping
from threading import Lock

import urllib3
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.urllib3 import Request
from google.oauth2.service_account import Credentials

from messaging_pipeline.fallback.fcm import NoToken
from messaging_pipeline.trust import public_trust

_SCOPES = ("https://www.googleapis.com/auth/firebase.messaging",)
_TIMEOUT = urllib3.Timeout(connect=5.0, read=10.0)


class GoogleTokens:
    """The tokens of one service account. Made for many threads, of which one asks while the others wait."""

    def __init__(self, account: Mapping[str, str], *, tls: ssl.SSLContext | None = None) -> None:
        """Read the key; raises ValueError when it is none. Nobody is asked yet."""
        self._credentials = Credentials.from_service_account_info(account, scopes=_SCOPES)
        # Without redirects: a token's request is signed for its address, and the answer is believed.
        pools = urllib3.PoolManager(timeout=_TIMEOUT, retries=False, ssl_context=tls or public_trust())
        self._request = Request(pools)
        self._lock = Lock()

    def current(self) -> str:
        """Return a token that is valid for some minutes more; raises NoToken."""
        with self._lock:
            if not self._credentials.valid:
                self._refresh()
            return str(self._credentials.token)

    def forget(self, token: str) -> None:
        """Ask for another one next time, unless somebody has already."""
        with self._lock:
            if self._credentials.token == token:
                self._credentials.token = None

    def _refresh(self) -> None:
        try:
            self._credentials.refresh(self._request)
        except GoogleAuthError:
            raise NoToken("Google gave no access token for the service account; check its key and token_uri") from None
