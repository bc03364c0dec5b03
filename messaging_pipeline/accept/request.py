"""What a producer asks for, checked field by field before anything is written."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from messaging_pipeline.errors import InvalidInput
from messaging_pipeline.gates.verdict import Answer
from messaging_pipeline.ids import E164, MessageId, ServiceKey, TenantKey
from messaging_pipeline.messages.content import Content, parse_content
from messaging_pipeline.messages.phone_numbers import parse_e164, parse_sender
from messaging_pipeline.messages.plan import Plan, Step
from messaging_pipeline.messages.storable import refuse_unstorable
from messaging_pipeline.policies.compliance import TIME_ZONE_TAG, is_time_zone, time_zone_cure
from messaging_pipeline.validation.problems import first_problem

Priority = Literal["high", "normal", "bulk"]
PRIORITY_RANKS: Mapping[str, int] = {"high": 0, "normal": 1, "bulk": 2}

#: How far ahead a message may be scheduled; Twilio's own limit (error 35114) and ours.
FURTHEST_SEND_AT = timedelta(days=35)

_MAX_TAGS = 20

Tag = Annotated[str, Field(min_length=1, max_length=100)]


class _Shape(BaseModel):
    """The arguments of ``messaging.send`` and their types; any other argument is refused by name."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    to: str
    body: str | None = None
    media_urls: list[str] = Field(default_factory=list)
    service: str = "default"
    tenant: str = "default"
    from_: str | None = None
    idempotency_key: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    priority: Priority = "normal"
    send_at: AwareDatetime | None = None
    expires_at: AwareDatetime | None = None
    fallback: Plan | None = None
    tags: Annotated[dict[Tag, Tag], Field(max_length=_MAX_TAGS)] = Field(default_factory=dict)
    message_id: UUID | None = None
    sequence: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    smart_encoding: bool | None = None


ARGUMENTS: frozenset[str] = frozenset(_Shape.model_fields)
"""The names of the arguments of a send."""


@dataclass(frozen=True, slots=True)
class SendRequest:
    """A message that may be written down; every field has been checked.

    ``service`` and ``content`` are what will be used, ``asked_service`` and ``asked_body`` what was asked for.
    ``note`` is what people should know of its acceptance, ``introduces`` whether its text tells how to opt out,
    ``warnings`` what gates say of its text, and ``waits`` the gate's word if it must wait.
    """

    to: E164
    content: Content
    service: ServiceKey
    tenant: TenantKey
    from_: str | None
    idempotency_key: str | None
    priority: int
    send_at: datetime | None
    expires_at: datetime | None
    fallback: tuple[Step, ...] | None
    tags: Mapping[str, str]
    message_id: MessageId | None
    sequence: str | None
    smart_encoding: bool | None
    asked_service: ServiceKey
    asked_body: str | None
    note: str | None = None
    introduces: bool = False
    warnings: tuple[str, ...] = ()
    waits: Answer | None = None

    def leaves_at(self, now: datetime) -> datetime:
        """Return when it may leave at the earliest."""
        asked = max(self.send_at or now, now)
        until = None if self.waits is None else self.waits.verdict.until
        return asked if until is None else max(until, asked)

    def told(self) -> str | None:
        """Return what its history begins with, for people."""
        return "; ".join(part for part in (self.note, *self.warnings) if part) or None

    def identity(self) -> dict[str, Any]:
        """What makes two requests the same message: what is said, to whom and from where.

        Times are left out: a producer that tries again works them out anew. So is what our own settings make of it:
        they may change between two tries.
        """
        return {
            "to": self.to,
            "body": self.asked_body,
            "media_urls": list(self.content.media_urls),
            "service": self.asked_service,
            "from": self.from_,
        }


def parse_send_request(arguments: Mapping[str, Any], now: datetime) -> SendRequest:
    """Check the arguments of a send and return what they mean.

    Raises InvalidInput naming the first field that is wrong.
    """
    refuse_unstorable(arguments)
    shape = _shape(arguments)
    send_at = _checked_send_at(shape.send_at, now)
    content = parse_content(shape.body, shape.media_urls)
    return SendRequest(
        to=parse_e164(shape.to, "to"),
        content=content,
        service=ServiceKey(shape.service),
        tenant=TenantKey(shape.tenant),
        from_=None if shape.from_ is None else parse_sender(shape.from_, "from_"),
        idempotency_key=shape.idempotency_key,
        priority=PRIORITY_RANKS[shape.priority],
        send_at=send_at,
        expires_at=_checked_expires_at(shape.expires_at, send_at or now),
        fallback=shape.fallback,
        tags=_checked_tags(shape.tags),
        message_id=None if shape.message_id is None else MessageId(shape.message_id),
        sequence=shape.sequence,
        smart_encoding=shape.smart_encoding,
        asked_service=ServiceKey(shape.service),
        asked_body=content.body,
    )


def _shape(arguments: Mapping[str, Any]) -> _Shape:
    try:
        return _Shape.model_validate(arguments)
    except ValidationError as error:
        problem = first_problem(error, _Shape)
        raise InvalidInput(problem.place, problem.reason, problem.remedy) from None


def _checked_send_at(send_at: datetime | None, now: datetime) -> datetime | None:
    if send_at is not None and send_at > now + FURTHEST_SEND_AT:
        raise InvalidInput("send_at", "is more than 35 days ahead", "choose an earlier time, or send later")
    return None if send_at is None else _in_utc(send_at, "send_at")


def _checked_expires_at(expires_at: datetime | None, earliest: datetime) -> datetime | None:
    if expires_at is not None and expires_at <= earliest:
        reason = f"{_shown(expires_at)} is not after the time of sending, {_shown(earliest)}"
        raise InvalidInput("expires_at", reason, "choose a later time, or leave it out")
    return None if expires_at is None else _in_utc(expires_at, "expires_at")


def _shown(time: datetime) -> str:
    return time.isoformat(timespec="seconds")


def _in_utc(time: datetime, field: str) -> datetime:
    try:
        return time.astimezone(UTC)
    except OverflowError:
        raise InvalidInput(field, "is beyond the calendar", "give a time of this century") from None


def _checked_tags(tags: Mapping[str, str]) -> Mapping[str, str]:
    zone = tags.get(TIME_ZONE_TAG, "UTC")
    if not is_time_zone(zone):
        raise InvalidInput(f"tags.{TIME_ZONE_TAG}", "is not a known time zone", time_zone_cure(zone))
    return tags
