"""Twilio's Lookup API, version 2, as the pipeline uses it: what kind of line does a number have?

https://www.twilio.com/docs/lookup/v2-api/line-type-intelligence
"""

import re
from typing import Any

from twilio.rest import Client

from messaging_pipeline.ids import E164
from messaging_pipeline.twilio_api.asking import ask
from messaging_pipeline.twilio_api.remote_messages import Missing, NotTold, UnreadableAnswer
from messaging_pipeline.twilio_api.wire import PooledHttpClient

DEFAULT_LOOKUPS_BASE_URL = "https://lookups.twilio.com"

LANDLINE, INVALID, UNKNOWN = "landline", "invalid", "unknown"
"""What becomes of a message depends on the first two; Twilio's other names are kept as they are."""

_LINE_TYPE = re.compile(r"[A-Za-z]{1,32}")
#: In a range that nobody has been given as yet, as far as Twilio knows: no proof that there is no such number.
_PERHAPS = "INVALID_BUT_POSSIBLE"
_ONLY_OUR_BASE_URL = {"TWILIO_EDGE": "", "TWILIO_REGION": ""}


class LookupsApi:
    """Lookup for one account. May be used by many threads at once; make one per process, after forking."""

    def __init__(
        self,
        account_sid: str,
        secret: str,
        base_url: str,
        *,
        api_key: str | None = None,
        pool_size: int = 8,
        connect_timeout_seconds: float = 3.05,
        read_timeout_seconds: float = 5.0,
    ) -> None:
        """Prepare the client; nothing is connected yet. ``secret`` is the auth token, or that of ``api_key``."""
        self._wire = PooledHttpClient(
            pool_size=pool_size,
            connect_timeout_seconds=connect_timeout_seconds,
            read_timeout_seconds=read_timeout_seconds,
        )
        client = Client(
            api_key or account_sid, secret, account_sid, http_client=self._wire, environment=_ONLY_OUR_BASE_URL
        )
        client.lookups.base_url = base_url
        self._numbers = client.lookups.v2.phone_numbers

    def line_type(self, number: E164) -> str | Missing | NotTold:
        """Ask once, which costs money: ``landline``, ``mobile``, ... by Twilio's name, ``invalid`` or ``unknown``."""
        return ask(self._wire, lambda: self._numbers(number).fetch(fields="line_type_intelligence"), _line_type)

    def close(self) -> None:
        """Close the connections that no thread is using."""
        self._wire.close()


def _line_type(record: Any) -> str:
    if not isinstance(record.valid, bool):
        raise UnreadableAnswer("valid")
    if not record.valid:
        return UNKNOWN if _PERHAPS in (record.validation_errors or ()) else INVALID
    told = (record.line_type_intelligence or {}).get("type")
    return told if isinstance(told, str) and _LINE_TYPE.fullmatch(told) else UNKNOWN
