"""Phone numbers and senders: parsed once from what people write, and masked when shown to them."""

import re

import phonenumbers

from messaging_pipeline.errors import InvalidInput
from messaging_pipeline.ids import E164

_LONGEST_WRITTEN = 40
_WRITTEN_NUMBER = re.compile(r"\+[0-9 ().\-\u00a0]+")
_E164 = re.compile(r"\+[0-9]{4,15}")
_SHORT_CODE = re.compile(r"[0-9]{5,6}")
_ALPHANUMERIC = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 +\-_&]{1,11}")

_UNKNOWN_REGION = "ZZ"
_NO_REGION = frozenset({"ZZ", "001"})
"""What libphonenumber answers for unknown codes and for codes of no country, such as +800."""

US_TERRITORIES = frozenset({"AS", "GU", "MP", "PR", "VI"})
"""Countries of their own in ISO 3166, whose numbers are those of US carriers."""

_HIDDEN = "•••"
_LEAST_HIDDEN = 4
_LEAST_SHOWN = 2
_MOST_SHOWN = 4

_NUMBER_REMEDY = "write it in international format, with + and the country code"
_SENDER_REMEDY = (
    "write a number in international format, a short code of 5 or 6 digits, "
    "or an alphanumeric sender of at most 11 characters with a letter"
)


def parse_e164(text: object, field: str) -> E164:
    """Parse a number in international format; spaces, dots, dashes and parentheses are forgiven.

    The country code and the length must be possible; whether the number is assigned is for Twilio to
    say, since number plans change faster than any copy of them. Raises ``InvalidInput``, which names
    ``field`` and never holds the value.
    """
    if not isinstance(text, str):
        raise InvalidInput(field, "is not a text", _NUMBER_REMEDY)
    written = text.strip()
    if len(written) > _LONGEST_WRITTEN or not _WRITTEN_NUMBER.fullmatch(written):
        raise InvalidInput(field, "is not a phone number in international format", _NUMBER_REMEDY)
    number = _in_e164(written, field)
    if number != written and _in_e164(number, field) != number:  # such as +31 (0)0..., whose zeros never end
        raise InvalidInput(field, "begins as no number of its country does", _NUMBER_REMEDY)
    return number


def _in_e164(written: str, field: str) -> E164:
    try:
        number = phonenumbers.parse(written)
    except phonenumbers.NumberParseException:
        raise InvalidInput(field, "does not begin with a known country code", _NUMBER_REMEDY) from None
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise InvalidInput(field, "has too few or too many digits for its country", _NUMBER_REMEDY)
    return E164(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def is_e164(text: str) -> bool:
    """Tell whether a text is a number in E.164, and not what retention has left of one."""
    return _E164.fullmatch(text) is not None


def parse_sender(text: object, field: str) -> str:
    """Parse what Twilio takes as ``From``: a number, a short code or an alphanumeric sender ID.

    A number comes back in E.164, the others without surrounding spaces. Raises ``InvalidInput``. The
    characters of a sender ID are those of https://www.twilio.com/docs/messaging/api/message-resource.
    """
    if not isinstance(text, str):
        raise InvalidInput(field, "is not a text", _SENDER_REMEDY)
    written = text.strip()
    if written.startswith("+"):
        return parse_e164(written, field)
    if _SHORT_CODE.fullmatch(written) or _ALPHANUMERIC.fullmatch(written):
        return written
    raise InvalidInput(field, "is not a sender", _SENDER_REMEDY)


def country_of(number: E164) -> str:
    """Return the ISO 3166 code of a number's country, such as ``US``, or ``ZZ`` where it has none.

    Several countries may share a country code; a number that is in no known plan counts to the main one.
    """
    parsed = phonenumbers.parse(number)
    region = phonenumbers.region_code_for_number(parsed) or phonenumbers.region_code_for_country_code(
        parsed.country_code or 0
    )
    return _UNKNOWN_REGION if region in _NO_REGION else region


def ruling_country_of(number: E164) -> str:
    """Return the country whose carriers' rules hold for a number: the territories of the US count to it."""
    country = country_of(number)
    return "US" if country in US_TERRITORIES else country


def is_toll_free(number: str) -> bool:
    """Tell whether a number is one whose owner pays for the call, such as +1 800; what is no number is not."""
    if not _E164.fullmatch(number):
        return False
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.number_type(parsed) == phonenumbers.PhoneNumberType.TOLL_FREE


def is_country(code: str) -> bool:
    """Tell whether a code is one of those that :func:`country_of` returns for a country."""
    return code in phonenumbers.SUPPORTED_REGIONS


def masked(number: str) -> str:
    """Return a number as people may see it: country code and last digits, such as ``+1•••0123``.

    At least four digits stay hidden; what is not in E.164 is hidden whole.
    """
    country_code = _country_code(number)
    if country_code is None:
        return _HIDDEN
    national = number[1 + len(country_code) :]
    return f"+{country_code}{_HIDDEN}{_last_digits(national)}"


def _last_digits(national: str) -> str:
    shown = min(_MOST_SHOWN, len(national) - _LEAST_HIDDEN)
    return national[-shown:] if shown >= _LEAST_SHOWN else ""


def _country_code(number: str) -> str | None:
    if not _E164.fullmatch(number):
        return None
    for length in range(1, 4):
        if int(number[1 : 1 + length]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            return number[1 : 1 + length]
    return None
