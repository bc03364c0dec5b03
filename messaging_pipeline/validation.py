"""Turns what a parser found wrong into one sentence that names the field and never repeats the value."""

from pydantic import ValidationError

_SENTENCES = {
    "missing": "is required",
    "extra_forbidden": "is not a known name",
    "unexpected_keyword_argument": "is not a known name",
    "timezone_aware": "has no time zone",
}


def first_problem(error: ValidationError) -> tuple[str, str]:
    """Return where the first problem is (``services.alerts.burst_segments``) and what it is."""
    problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in problem["loc"])
    message = problem["msg"].removeprefix("Value error, ")
    return place, _SENTENCES.get(problem["type"], message[:1].lower() + message[1:])
