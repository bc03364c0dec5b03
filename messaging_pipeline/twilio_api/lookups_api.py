"""Twilio's Lookup API, version 2, as the pipeline uses it: what kind of line has a number, and whose is it?

https://www.twilio.com/docs/lookup/v2-api/line-type-intelligence
"""

import re
from dataclasses import dataclass
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
#: What a name may hold that becomes a label of metrics, and how much of it. No row of digits could be a phone number.
_NO_PART_OF_A_NAME = re.compile(r"[^\w&+./' -]+|[\s_]+")
_LONG_NUMBER = re.compile(r"\d(?:\W*\d){5,}")
_LONGEST_NAME = 40
_NETWORK_CODE = re.compile(r"\d{2,3}")
#: In a range that nobody has been given as yet, as far as Twilio knows: no proof that there is no such number.
_PERHAPS = "INVALID_BUT_POSSIBLE"
_ONLY_OUR_BASE_URL = {"TWILIO_EDGE": "", "TWILIO_REGION": ""}


@dataclass(frozen=True, slots=True)
class NumberLine:
    """What Lookup says of a number: its line's type by Twilio's name, ``invalid`` or ``unknown``, and its carrier.

    ``carrier`` is the carrier's name, or the codes of its network (such as ``310-410``) where it has none, or None.
    """

    line_type: str
    carrier: str | None = None


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

    def line(self, number: E164) -> NumberLine | Missing | NotTold:
        """Ask once, which costs money."""
        return ask(self._wire, lambda: self._numbers(number).fetch(fields="line_type_intelligence"), _line)

    def close(self) -> None:
        """Close the connections that no thread is using."""
        self._wire.close()


def _line(record: Any) -> NumberLine:
    if not isinstance(record.valid, bool):
        raise UnreadableAnswer("valid")
    if not record.valid:
        return NumberLine(UNKNOWN if _PERHAPS in (record.validation_errors or ()) else INVALID)
    told = record.line_type_intelligence or {}
    return NumberLine(_line_type(told.get("type")), _carrier(told))


def _line_type(told: object) -> str:
    return told if isinstance(told, str) and _LINE_TYPE.fullmatch(told) else UNKNOWN


def _carrier(told: Any) -> str | None:
    name = told.get("carrier_name")
    if isinstance(name, str):
        cleaned = " ".join(_NO_PART_OF_A_NAME.sub(" ", name).split())
        if cleaned and not _LONG_NUMBER.search(cleaned):
            return cleaned[:_LONGEST_NAME].strip()
    codes = [told.get("mobile_country_code"), told.get("mobile_network_code")]
    return "-".join(codes) if all(isinstance(one, str) and _NETWORK_CODE.fullmatch(one) for one in codes) else None
