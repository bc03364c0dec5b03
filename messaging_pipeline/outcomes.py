"""Counts what became of messages by country and carrier of the number, and failures by Twilio's code as well.

Twilio's reports name no carrier. It is known of numbers that Lookup was asked about; all others are `unknown`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline.configuration import Configuration
from messaging_pipeline.ids import E164
from messaging_pipeline.messages.phone_numbers import country_of, is_e164
from messaging_pipeline.messages.state_machine import ARRIVALS, REPORTED_FAILURES, Status
from messaging_pipeline.metrics import record_delivery, record_delivery_error
from messaging_pipeline.number_lines import carriers_of
from messaging_pipeline.twilio_api.error_table import known_errors

_ENDS = frozenset({*ARRIVALS, *REPORTED_FAILURES, Status.SUPPRESSED})
_NOWHERE = "ZZ"
_OTHER = "other"
_UNKNOWN = "unknown"

Carriers = Mapping[tuple[str, E164], str | None]
"""Carriers by tenant and number, as ``carriers_of`` tells them."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A message that reached a status; ``number`` is its recipient's, or what retention has put in its place."""

    tenant: str
    service: str
    number: E164
    status: str
    error_code: int | None


def carriers_for(
    connection: Connection[TupleRow], configuration: Configuration, outcomes: Iterable[Outcome]
) -> Carriers:
    """Read the carriers that these outcomes are counted by; nothing is asked of services that look nobody up."""
    services = configuration.services
    looked_up = {name for name, service in services.items() if configuration.lookup_of(service) is not None}
    ended = [one for one in outcomes if one.status in _ENDS and one.service in looked_up]
    return carriers_of(connection, [(one.tenant, one.number) for one in ended])


def count_outcome(outcome: Outcome, carriers: Carriers) -> None:
    """Count a message that was reported to have arrived or failed; one that is still on its way is not counted."""
    if outcome.status not in _ENDS:
        return
    country = _country(outcome.number)
    carrier = carriers.get((outcome.tenant, outcome.number), _UNKNOWN) or _OTHER
    record_delivery(outcome.service, country, carrier, outcome.status)
    if outcome.error_code is not None and outcome.status not in ARRIVALS:
        record_delivery_error(outcome.service, country, carrier, _label(outcome.error_code))


def count_refusal(service: str, number: str, error_code: int | None) -> None:
    """Count a create that Twilio has refused, if it has said why; it was on its way to no carrier."""
    if error_code is not None:
        record_delivery_error(service, _country(number), _UNKNOWN, _label(error_code))


def _country(number: str) -> str:
    """Retention may have put a hash in the number's place."""
    return country_of(E164(number)) if is_e164(number) else _NOWHERE


def _label(error_code: int) -> str:
    """What comes from outside is no label: a code that the table does not hold counts with all others."""
    return str(error_code) if error_code in known_errors() else _OTHER
