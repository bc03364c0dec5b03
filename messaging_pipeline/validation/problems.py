"""Turns what a parser found wrong into a sentence that names the place and the cure and never repeats the value."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from messaging_pipeline.validation.known_names import known_names
from messaging_pipeline.validation.near_misses import near_miss
from messaging_pipeline.validation.sentences import sentence

_UNKNOWN_NAMES = frozenset({"extra_forbidden", "unexpected_keyword_argument"})
_NO_CHANNEL = frozenset({"union_tag_invalid", "union_tag_not_found"})

#: Pydantic names the kind of a fallback step as if it were a part of its place.
_KIND_OF_STEP = re.compile(r"(?<=fallback\.\d)\.(email|sms|http|celery|push)(?=\.|$)")


@dataclass(frozen=True, slots=True)
class Problem:
    """Where something is wrong (``services.alerts.burst_segments``), what it is, and what to do."""

    place: str
    reason: str
    remedy: str


def first_problem(error: ValidationError, model: type[Any]) -> Problem:
    """Return the first problem that was found while ``model`` was made of something."""
    return problem(error.errors(include_url=False, include_input=False)[0], model)


def problem(found: ErrorDetails, model: type[Any]) -> Problem:
    """Say in our words what pydantic has found."""
    place = _KIND_OF_STEP.sub("", ".".join(str(part) for part in found["loc"]))
    if found["type"] in _NO_CHANNEL:
        place += ".channel"
    reason, _, remedy = _sentence(found, model).partition("; ")
    return Problem(place, reason, remedy or "correct the value")


def _sentence(found: ErrorDetails, model: type[Any]) -> str:
    if found["type"] in _UNKNOWN_NAMES:
        return f"is not a known name; {_meant(found['loc'], model)}"
    if found["type"] == "value_error":  # raised by a check of ours, in a sentence of ours
        return found["msg"].removeprefix("Value error, ")
    return sentence(found["type"], found.get("ctx", {}))


def _meant(place: Sequence[str | int], model: type[Any]) -> str:
    known = known_names(model, place[:-1])
    meant = near_miss(str(place[-1]), known)
    if meant is not None:
        return f"did you mean `{meant}`?"
    return f"the names here are: {', '.join(known)}" if known else "leave it out"
