"""Messages as Twilio holds them, read from its answers; and what else an answer can be."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from messaging_pipeline.ids import MessageSid
from messaging_pipeline.messages.storable import replaced
from messaging_pipeline.twilio_api.sids import MESSAGE_SID

_STATUS = re.compile(r"[a-z_-]{1,32}")
_COUNT = re.compile(r"[0-9]{1,3}")
_MEDIA_SID = re.compile(r"ME[0-9a-fA-F]{32}")
_HIGHEST_CODE = 999_999


@dataclass(frozen=True, slots=True)
class RemoteMessage:
    """One message at Twilio, either way; ``date_sent`` is None until Twilio has sent it.

    ``num_segments`` and ``price`` are None until Twilio knows them; a price is what is charged, below zero.

    Twilio does not tell which callback address a message was created with.
    """

    sid: MessageSid
    status: str
    error_code: int | None
    direction: str
    to: str = field(repr=False)
    from_: str | None = field(repr=False)
    body: str = field(repr=False)
    num_media: int
    date_created: datetime | None
    date_sent: datetime | None
    messaging_service_sid: str | None
    num_segments: int | None = None
    price: str | None = None
    price_unit: str | None = None

    @property
    def is_inbound(self) -> bool:
        """Whether somebody wrote it to us."""
        return self.direction == "inbound"

    @property
    def is_from_the_api(self) -> bool:
        """Whether it was made by a create request, and not as a reply by a webhook or by Twilio itself."""
        return self.direction == "outbound-api"


@dataclass(frozen=True, slots=True)
class RemoteMedia:
    """One file of a message; ``url`` is where Twilio serves it."""

    sid: str
    content_type: str
    url: str


@dataclass(frozen=True, slots=True)
class MessagePage:
    """One page of a list, and the address of the next one."""

    messages: tuple[RemoteMessage, ...]
    next_page_url: str | None


@dataclass(frozen=True, slots=True)
class Missing:
    """Twilio has no such message, or not any more, or not for this account."""


@dataclass(frozen=True, slots=True)
class Throttled:
    """More requests than the account may have open at once; nothing was done."""

    retry_after_seconds: float | None


@dataclass(frozen=True, slots=True)
class Unreachable:
    """No answer that could be used came. What was asked for may have been done all the same."""

    explanation: str


@dataclass(frozen=True, slots=True)
class AccountRefused:
    """Twilio does not answer this account: its credentials or permissions are at fault, or our question."""

    code: int
    http_status: int


@dataclass(frozen=True, slots=True)
class NotPossible:
    """Twilio refuses to change the message, most often because it is past that (30409)."""

    code: int
    http_status: int


NotTold = Throttled | Unreachable | AccountRefused
"""Answers that say nothing about the message."""


class UnreadableAnswer(ValueError):
    """Raised when a success does not hold what was asked for."""


def remote_message(record: Any) -> RemoteMessage:
    """Read the package's message record; raises UnreadableAnswer when its SID or status is missing."""
    if not isinstance(record.sid, str) or not MESSAGE_SID.fullmatch(record.sid):
        raise UnreadableAnswer("sid")
    if not isinstance(record.status, str) or not _STATUS.fullmatch(record.status):
        raise UnreadableAnswer("status")
    return RemoteMessage(
        sid=MessageSid(record.sid),
        status=record.status,
        error_code=_error_code(record.error_code),
        direction=_text(record.direction),
        to=_text(record.to),
        from_=_text(record.from_) or None,
        body=_text(record.body),
        num_media=_count(record.num_media),
        date_created=_moment(record.date_created),
        date_sent=_moment(record.date_sent),
        messaging_service_sid=_text(record.messaging_service_sid) or None,
        num_segments=_count(record.num_segments) or None,
        price=_text(record.price) or None,
        price_unit=_text(record.price_unit) or None,
    )


def message_page(page: Any) -> MessagePage:
    """Read the package's page. A record that cannot be read is left out; the others are as good as ever."""
    return MessagePage(tuple(_readable(page)), page.next_page_url)


def remote_media(record: Any, base_url: str) -> RemoteMedia:
    """Read the package's media record; raises UnreadableAnswer when it names no file."""
    uri = _text(record.uri)
    if not isinstance(record.sid, str) or not _MEDIA_SID.fullmatch(record.sid) or not uri:
        raise UnreadableAnswer("media")
    return RemoteMedia(record.sid, _text(record.content_type), base_url.rstrip("/") + uri.removesuffix(".json"))


def _readable(records: Iterable[Any]) -> Iterable[RemoteMessage]:
    for record in records:
        try:
            yield remote_message(record)
        except UnreadableAnswer:
            continue


def _text(value: object) -> str:
    return replaced(value) if isinstance(value, str) else ""


def _error_code(value: object) -> int | None:
    return value if isinstance(value, int) and 0 < value <= _HIGHEST_CODE else None


def _count(value: object) -> int:
    text = str(value)
    return int(text) if _COUNT.fullmatch(text) else 0


def _moment(value: object) -> datetime | None:
    """The package leaves a date that it cannot read as it is."""
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)
