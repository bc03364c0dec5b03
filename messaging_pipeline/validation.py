"""Turns what a parser found wrong into one sentence that names the field and never repeats the value."""

import re

from pydantic import ValidationError

_SENTENCES = {
    "missing": "is required",
    "extra_forbidden": "is not a known name",
    "unexpected_keyword_argument": "is not a known name",
    "timezone_aware": "has no time zone",
    "union_tag_invalid": "is not a known channel",
    "union_tag_not_found": "is required",
}
_NO_CHANNEL = frozenset({"union_tag_invalid", "union_tag_not_found"})

#: Pydantic names the kind of a fallback step as if it were a part of its place.
_KIND_OF_STEP = re.compile(r"(?<=fallback\.\d)\.(email|sms|http|celery|push)(?=\.|$)")


def first_problem(error: ValidationError) -> tuple[str, str]:
    """Return where the first problem is (``services.alerts.burst_segments``) and what it is."""
    problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = _KIND_OF_STEP.sub("", ".".join(str(part) for part in problem["loc"]))
    if problem["type"] in _NO_CHANNEL:
        place += ".channel"
    message = problem["msg"].removeprefix("Value error, ")
    return place, _SENTENCES.get(problem["type"], message[:1].lower() + message[1:])
