"""One sentence for each kind of mistake that pydantic tells apart: a reason, and a remedy behind the semicolon."""

from collections.abc import Mapping
from typing import Any

_WHOLE_NUMBER = "is no whole number; give one without quotes, such as 5"
_NUMBER = "is no number; give one without quotes, such as 0.5"
_YES_OR_NO = "is neither true nor false; write true or false, without quotes"
_LIST = 'is no list; write it in brackets, such as ["one", "two"]'
_TABLE = "is no table of names and values; write it as one"
_TIME = "is no date and time; write ISO 8601 with a time zone, such as 2027-01-01T00:00:00Z"
_TIME_OF_DAY = "is no time of day; write it on a clock of 24 hours, such as 21:00"
_UUID = "is no UUID; give one such as 5d2f8e1c-6b1a-4c4e-9f0e-2f6f4f1f7a10"
_ONE_OF = "use one of: {expected}"

#: https://docs.pydantic.dev/latest/errors/validation_errors/
SENTENCES: Mapping[str, str] = {
    "missing": "is required; add it",
    "timezone_aware": "has no time zone; add one, such as 2027-01-01T00:00:00Z",
    "union_tag_not_found": "is required; add it",
    "union_tag_invalid": f"is not a known channel; {_ONE_OF}",
    "literal_error": f"is none of the known values; {_ONE_OF}",
    "string_type": "is no text; put it in quotes",
    "string_unicode": "is no text; write it in UTF-8",
    "string_too_short": "has too few characters; give at least {min_length}",
    "string_too_long": "has too many characters; give at most {max_length}",
    "too_short": "has too few entries; give at least {min_length}",
    "too_long": "has too many entries; give at most {max_length}",
    "int_type": _WHOLE_NUMBER,
    "int_parsing": _WHOLE_NUMBER,
    "int_parsing_size": "is too large a number; give a smaller one",
    "int_from_float": _WHOLE_NUMBER,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": "is no finite number; give one, such as 5",
    "decimal_type": _NUMBER,
    "decimal_parsing": _NUMBER,
    "decimal_max_digits": "has too many digits; give at most {max_digits}",
    "decimal_max_places": "has too many digits behind the point; give at most {decimal_places}",
    "decimal_whole_digits": "has too many digits before the point; give at most {whole_digits}",
    "greater_than": "is too small; give more than {gt}",
    "greater_than_equal": "is too small; give at least {ge}",
    "less_than": "is too large; give less than {lt}",
    "less_than_equal": "is too large; give at most {le}",
    "invalid_key": "has a name that is no text; put it in quotes",
    "bool_type": _YES_OR_NO,
    "bool_parsing": _YES_OR_NO,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "dict_type": _TABLE,
    "mapping_type": _TABLE,
    "model_type": _TABLE,
    "model_attributes_type": _TABLE,
    "dataclass_type": _TABLE,
    "datetime_type": _TIME,
    "datetime_parsing": _TIME,
    "datetime_from_date_parsing": _TIME,
    "datetime_object_invalid": _TIME,
    "date_from_datetime_inexact": _TIME,
    "time_type": _TIME_OF_DAY,
    "time_parsing": _TIME_OF_DAY,
    "uuid_type": _UUID,
    "uuid_parsing": _UUID,
    "invalid-json-value": "is nothing that JSON can hold; give text, numbers, true, false, lists or tables of these",
}

_OF_ANY_OTHER = "is not valid; correct the value"


def sentence(kind: str, context: Mapping[str, Any]) -> str:
    """Return the sentence for a mistake of this kind, with the limits that it broke."""
    told = dict(context)
    if "expected_tags" in context or "expected" in context:
        told["expected"] = _listed(str(context.get("expected_tags") or context["expected"]))
    if told.get("min_length") == 1:
        return "is empty; give it a value, or leave it out"
    return SENTENCES.get(kind, _OF_ANY_OTHER).format_map(told)


def _listed(expected: str) -> str:
    """Pydantic lists values as ``'a', 'b' or 'c'``."""
    return expected.replace(" or ", ", ").replace("'", "")
