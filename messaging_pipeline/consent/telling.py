"""Reads a statement about consent from what an application or a file says, and checks every field of it."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar, get_args

from messaging_pipeline.consent.evidence import parse_evidence
from messaging_pipeline.consent.ledger import ALL_SERVICES, Source
from messaging_pipeline.consent.statements import Change, Statement
from messaging_pipeline.errors import InvalidInput
from messaging_pipeline.messages.phone_numbers import parse_e164
from messaging_pipeline.messages.storable import refuse_unstorable

SOURCES: tuple[Source, ...] = get_args(Source)
CHANGES: tuple[Change, ...] = get_args(Change)
FIELDS = ("number", "service", "change", "at", "source", "proof", "ip", "user_agent", "sid", "note")

RequireScope = Callable[[str, str], None]
"""Raises InvalidInput when there is no such scope, the first, of a tenant, the second."""

_Word = TypeVar("_Word", bound=str)

#: Nobody has said anything to us before. What is earlier than the year 1, in UTC, Python could not read back.
_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)

_LONGEST_NOTE = 1000
_LONGEST_SID = 64


def parse_statement(
    told: Mapping[str, Any], *, tenant: str, source: Source, now: datetime, require_scope: RequireScope
) -> Statement:
    """Read one; ``source`` holds where it names none. Raises InvalidInput naming the field.

    ``service`` is a service's key, or ``*`` for all of the tenant's; ``at`` is when it was said, with its offset.
    """
    refuse_unstorable(told)
    return Statement(
        tenant=tenant,
        scope=_scope(told.get("service"), tenant, require_scope),
        number=parse_e164(told.get("number"), "number"),
        change=_one_of(told.get("change"), "change", CHANGES),
        said_at=_moment(told.get("at"), now),
        source=_one_of(told.get("source") or source, "source", SOURCES),
        sid=_text(told.get("sid"), "sid", _LONGEST_SID),
        note=_text(told.get("note"), "note", _LONGEST_NOTE),
        evidence=parse_evidence(told),
    )


def _scope(value: object, tenant: str, require_scope: RequireScope) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidInput("service", "is missing", f"name a service, or {ALL_SERVICES} for all of the tenant's")
    require_scope(value, tenant)
    return value


def _one_of(value: object, field: str, words: tuple[_Word, ...]) -> _Word:
    for word in words:
        if value == word:
            return word
    raise InvalidInput(field, "is missing or is none of the words that it may be", f"use one of: {', '.join(words)}")


def _moment(value: object, now: datetime) -> datetime:
    said_at = value if isinstance(value, datetime) else _read_moment(value)
    if said_at is None or said_at.tzinfo is None:
        raise InvalidInput("at", "is no time with an offset", "write it as 2026-11-24T09:30:00+01:00")
    if said_at < _EARLIEST:
        raise InvalidInput("at", "lies before the year 1900", "give the time at which it was said, all of its year")
    if said_at > now:
        raise InvalidInput("at", "lies in the future", "give the time at which it was said")
    return said_at


def _read_moment(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _text(value: object, field: str, longest: int) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > longest:
        raise InvalidInput(field, f"is not a text of at most {longest} characters", "shorten it")
    return value
