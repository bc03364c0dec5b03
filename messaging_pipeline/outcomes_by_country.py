"""Counts what became of messages by the country of the number, and failures by Twilio's code as well."""

from messaging_pipeline.ids import E164
from messaging_pipeline.messages.phone_numbers import country_of, is_e164
from messaging_pipeline.messages.state_machine import ARRIVALS, REPORTED_FAILURES, Status
from messaging_pipeline.metrics import record_delivery, record_delivery_error
from messaging_pipeline.twilio_api.error_table import known_errors

_ENDS = frozenset({*ARRIVALS, *REPORTED_FAILURES, Status.SUPPRESSED})
_NOWHERE = "ZZ"
_OTHER = "other"


def count_outcome(service: str, number: str, status: str, error_code: int | None) -> None:
    """Count a message that was reported to have arrived or failed; one that is still on its way is not counted."""
    if status not in _ENDS:
        return
    country = _country(number)
    record_delivery(service, country, status)
    if error_code is not None and status not in ARRIVALS:
        record_delivery_error(service, country, _label(error_code))


def count_refusal(service: str, number: str, error_code: int | None) -> None:
    """Count a create that Twilio has refused, if it has said why."""
    if error_code is not None:
        record_delivery_error(service, _country(number), _label(error_code))


def _country(number: str) -> str:
    """Retention may have put a hash in the number's place."""
    return country_of(E164(number)) if is_e164(number) else _NOWHERE


def _label(error_code: int) -> str:
    """What comes from outside is no label: a code that the table does not hold counts with all others."""
    return str(error_code) if error_code in known_errors() else _OTHER
