"""The JSON of Twilio's resources, in Twilio's types: numbers as strings, RFC 2822 dates, null for unknown."""

from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import Any

from messaging_pipeline.simulator.message import Media, Message

API_VERSION = "2010-04-01"


def date(unix_seconds: float | None) -> str | None:
    """Return a date as Twilio writes it: RFC 2822, whole seconds, +0000."""
    if unix_seconds is None:
        return None
    return _rfc_2822(int(unix_seconds))


@lru_cache(maxsize=64)  # most messages of a page, and all of a moment, have the same few dates
def _rfc_2822(unix_seconds: int) -> str:
    return format_datetime(datetime.fromtimestamp(unix_seconds, UTC))


def account_path(account_sid: str) -> str:
    """Return the path below which an account's resources are."""
    return f"/{API_VERSION}/Accounts/{account_sid}"


def message_path(message: Message) -> str:
    """Return the path of a message, without ``.json``."""
    return f"{account_path(message.account_sid)}/Messages/{message.sid}"


def message_json(message: Message) -> dict[str, Any]:
    """Return a message (https://www.twilio.com/docs/messaging/api/message-resource).

    As long as a Messaging Service has not chosen the sender, ``from`` is null and ``num_segments`` is 0.
    """
    path = message_path(message)
    return {
        "account_sid": message.account_sid,
        "api_version": API_VERSION,
        "body": message.body,
        "date_created": date(message.created_at),
        "date_sent": date(message.sent_at),
        "date_updated": date(message.updated_at or message.created_at),
        "direction": message.direction,
        "error_code": message.error_code,
        "error_message": None,
        "from": message.sender,
        "messaging_service_sid": message.service_sid,
        "num_media": str(len(message.media)),
        "num_segments": str(message.segments if message.sender else 0),
        "price": None,
        "price_unit": "USD",
        "sid": message.sid,
        "status": message.status,
        "subresource_uris": {"media": f"{path}/Media.json", "feedback": f"{path}/Feedback.json"},
        "to": message.to,
        "uri": f"{path}.json",
    }


def media_json(message: Message, media: Media) -> dict[str, Any]:
    """Return a media resource (https://www.twilio.com/docs/messaging/api/media-resource)."""
    return {
        "account_sid": message.account_sid,
        "content_type": media.content_type,
        "date_created": date(media.created_at),
        "date_updated": date(media.created_at),
        "parent_sid": message.sid,
        "sid": media.sid,
        "uri": f"{message_path(message)}/Media/{media.sid}.json",
    }


def feedback_json(message: Message, outcome: str, at: float) -> dict[str, Any]:
    """Return a feedback resource (https://www.twilio.com/docs/messaging/api/message-feedback-resource)."""
    return {
        "account_sid": message.account_sid,
        "date_created": date(at),
        "date_updated": date(at),
        "message_sid": message.sid,
        "outcome": outcome,
        "uri": f"{message_path(message)}/Feedback.json",
    }


def account_json(account_sid: str, created_at: float) -> dict[str, Any]:
    """Return an account (https://www.twilio.com/docs/iam/api/account-resource), without its token."""
    path = account_path(account_sid)
    return {
        "date_created": date(created_at),
        "date_updated": date(created_at),
        "friendly_name": "Simulated account",
        "owner_account_sid": account_sid,
        "sid": account_sid,
        "status": "active",
        "subresource_uris": {"messages": f"{path}/Messages.json"},
        "type": "Full",
        "uri": f"{path}.json",
    }
