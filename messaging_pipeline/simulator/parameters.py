"""The form of a create, read and checked by Twilio's rules (https://www.twilio.com/docs/messaging/api/message-resource)."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

from messaging_pipeline.simulator.rest_errors import ApiError
from messaging_pipeline.simulator.web_urls import is_web_url

MAX_BODY_CHARACTERS = 1600
MAX_MEDIA = 10
MAX_CALLBACK_URL_CHARACTERS = 4000
MAX_VALIDITY_SECONDS = 36_000
MIN_SCHEDULE_SECONDS = 300
MAX_SCHEDULE_SECONDS = 35 * 24 * 3600

_PHONE_NUMBER = re.compile(r"(?:(?:whatsapp|rcs|messenger):)?\+[1-9]\d{6,14}")
_CONTENT_SID = re.compile(r"HX[0-9a-fA-F]{32}")
_SEND_AT_FORMAT = "%Y-%m-%dT%H:%M:%SZ"

Form = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class CreateRequest:
    """A create whose parameters are in order. ``send_at`` is in Unix seconds."""

    to: str
    from_: str | None
    service_sid: str | None
    body: str
    media_urls: tuple[str, ...]
    status_callback: str | None
    validity_seconds: int
    send_at: float | None
    provide_feedback: bool


def read_form(content: bytes) -> Form:
    """Decode a form-encoded request body; blank values stay, as Twilio tells them from absent ones."""
    return parse_qs(content.decode("utf-8", "replace"), keep_blank_values=True)


def value(form: Form, name: str) -> str | None:
    """Return the first value of a parameter, or None when it is absent or blank."""
    return next(iter(form.get(name, ())), None) or None


def check_create(form: Form, now: float) -> CreateRequest:
    """Check the parameters of a create in the order in which Twilio complains; ``now`` in Unix seconds.

    Raises ApiError with the code of the first rule that is broken.
    """
    to, from_, service_sid = value(form, "To"), value(form, "From"), value(form, "MessagingServiceSid")
    _check_addresses(to, from_, service_sid)
    media_urls = tuple(url for url in form.get("MediaUrl", ()) if url)
    body = value(form, "Body") or ""
    _check_content(form, body, media_urls)
    status_callback = value(form, "StatusCallback")
    if status_callback and not _is_callback_url(status_callback):
        raise ApiError(21609, status_callback)
    return CreateRequest(
        to=to or "",
        from_=from_,
        service_sid=service_sid,
        body=body,
        media_urls=media_urls,
        status_callback=status_callback,
        validity_seconds=_validity_seconds(value(form, "ValidityPeriod")),
        send_at=_send_at(form, service_sid, now),
        provide_feedback=value(form, "ProvideFeedback") == "true",
    )


def _check_addresses(to: str | None, from_: str | None, service_sid: str | None) -> None:
    if not to:
        raise ApiError(21604)
    if not from_ and not service_sid:
        raise ApiError(21603)
    if to == from_ or not _PHONE_NUMBER.fullmatch(to):
        raise ApiError(21211, to)


def _check_content(form: Form, body: str, media_urls: tuple[str, ...]) -> None:
    content_sid = value(form, "ContentSid")
    if not body and not media_urls and not content_sid:
        raise ApiError(21602)
    if len(body) > MAX_BODY_CHARACTERS:
        raise ApiError(21617)
    if len(media_urls) > MAX_MEDIA:
        raise ApiError(21623)
    if not all(is_web_url(url) for url in media_urls):
        raise ApiError(21620)
    _check_template(content_sid, value(form, "ContentVariables"))


def _check_template(content_sid: str | None, variables: str | None) -> None:
    if content_sid and not _CONTENT_SID.fullmatch(content_sid):
        raise ApiError(21655, content_sid)
    if variables is None:
        return
    if content_sid is None:
        raise ApiError(21654)
    try:
        json.loads(variables)
    except ValueError:
        raise ApiError(21656) from None


def _is_callback_url(url: str) -> bool:
    """Twilio refuses host names with underscores (https://www.twilio.com/docs/api/errors/21609)."""
    return len(url) <= MAX_CALLBACK_URL_CHARACTERS and is_web_url(url) and "_" not in (urlsplit(url).hostname or "")


def _validity_seconds(text: str | None) -> int:
    if text is None:
        return MAX_VALIDITY_SECONDS
    if not text.isdecimal() or not 1 <= int(text) <= MAX_VALIDITY_SECONDS:
        raise ApiError(21624)
    return int(text)


def _send_at(form: Form, service_sid: str | None, now: float) -> float | None:
    """Without ScheduleType the message is not a scheduled one, whatever SendAt says."""
    schedule_type = value(form, "ScheduleType")
    if schedule_type is None:
        return None
    if schedule_type != "fixed":
        raise ApiError(35126)
    if not service_sid:
        raise ApiError(35118)
    text = value(form, "SendAt")
    if text is None:
        raise ApiError(35111)
    try:
        send_at = datetime.strptime(text, _SEND_AT_FORMAT).replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise ApiError(35115) from None
    if not MIN_SCHEDULE_SECONDS <= send_at - now <= MAX_SCHEDULE_SECONDS:
        raise ApiError(35115)
    return send_at
