"""What Twilio's error codes mean to us: a reviewed table, and rules for the codes it does not hold."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from messaging_pipeline.twilio_api.outcome import Fault

_TABLE = Path(__file__).with_name("error_table.json")

_FAULT_BY_HTTP_STATUS = {
    401: Fault.ACCOUNT,
    403: Fault.ACCOUNT,
    404: Fault.ACCOUNT,
    407: Fault.ACCOUNT,
    429: Fault.THROTTLED,
}
_LOWEST_CLIENT_ERROR = 400
_LOWEST_SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """One error code.

    ``name`` is Twilio's title. ``when`` tells where it appears: in the answer to a create (sync), in a
    status callback (async), in both, in configuration calls only (admin), or on incoming messages
    (inbound). ``in_doubt`` marks a failure after which the message may still have been delivered, ``holds``
    one that every message of the service would meet, so that the service has to wait for a person.
    ``explanation`` is a sentence for people: what happened and what to do.
    """

    code: int
    name: str
    when: Literal["sync", "async", "both", "admin", "inbound"]
    fault: Fault
    in_doubt: bool
    holds: bool
    explanation: str

    @property
    def documentation_url(self) -> str:
        """Return the address of Twilio's own page about the code."""
        return f"https://www.twilio.com/docs/api/errors/{self.code}"


@cache
def known_errors() -> Mapping[int, ErrorRow]:
    """Return the whole table by code, in ascending order."""
    rows = json.loads(_TABLE.read_text(encoding="utf-8"))
    return MappingProxyType({row["code"]: ErrorRow(**{**row, "fault": Fault(row["fault"])}) for row in rows})


def look_up(code: int) -> ErrorRow:
    """Return what a code means.

    A code that the table does not hold is taken for a delivery failure of unknown cause: it says
    nothing against the recipient, the sender or the account, and does not prove that nothing arrived.
    """
    return known_errors().get(code) or ErrorRow(
        code=code,
        name="Not in this table",
        when="async",
        fault=Fault.TRANSIENT,
        in_doubt=True,
        holds=False,
        explanation="This error code is not in our table; see Twilio's page about it.",
    )


def classify_refusal(http_status: int, code: int) -> Fault:
    """Tell whose fault it is that Twilio answered a create with an error.

    A known code decides, except under HTTP 429, which is always about a limit. An unknown code is judged
    by its HTTP status: credentials, permissions, addresses and redirects are the account's, a server
    error passes, and what remains is the message's own.
    """
    by_status = _FAULT_BY_HTTP_STATUS.get(http_status)
    if by_status is Fault.THROTTLED:
        return by_status
    known = known_errors().get(code)
    if known is not None:
        return known.fault
    return by_status or _fault_by_status_class(http_status)


def holds_service(code: int, fault: Fault) -> bool:
    """Tell whether a refusal would meet every message of the service.

    Of codes that the table does not hold, those that are about the account: a wrong token, a closed account, an
    address where Twilio's API is not.
    """
    known = known_errors().get(code)
    return known.holds if known is not None else fault is Fault.ACCOUNT


def _fault_by_status_class(http_status: int) -> Fault:
    if http_status < _LOWEST_CLIENT_ERROR:
        return Fault.ACCOUNT
    return Fault.CONTENT if http_status < _LOWEST_SERVER_ERROR else Fault.TRANSIENT
