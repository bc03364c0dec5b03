"""What an answer of Twilio's proves about the message that was to be created."""

import re

from messaging_pipeline.ids import MessageSid
from messaging_pipeline.twilio_api.error_table import classify_refusal, known_errors, look_up
from messaging_pipeline.twilio_api.outcome import Accepted, Fault, NotSent, Outcome, Refused, Unconfirmed
from messaging_pipeline.twilio_api.sids import MESSAGE_SID

_STATUS = re.compile(r"[a-z_-]{1,32}")
_SEGMENTS = re.compile(r"[0-9]{1,3}")

_NEVER_PROCESSED = 20429
"""The one code whose requests Twilio documents as never processed (https://www.twilio.com/docs/api/errors/20429)."""

_REQUEST_TIMEOUT = 408
_TOO_MANY_REQUESTS = 429
_LOWEST_SERVER_ERROR = 500


def not_a_message(http_status: int | None) -> Unconfirmed:
    """Judge a success that cannot be read: not Twilio's, or lost in part; the message may exist."""
    return Unconfirmed("Twilio answered with success, but not with a message", http_status)


def outcome_of_creation(http_status: int | None, sid: object, status: object, num_segments: object) -> Outcome:
    """Read the fields of a message that Twilio answered with success.

    Only the SID is needed. Another field may be odd without putting the message in doubt: an unreadable
    status becomes ``accepted``, which claims no more than that Twilio took it.
    """
    if not isinstance(sid, str) or not MESSAGE_SID.fullmatch(sid):
        return not_a_message(http_status)
    word = status if isinstance(status, str) and _STATUS.fullmatch(status) else "accepted"
    return Accepted(MessageSid(sid), word, _segments(num_segments))


def outcome_of_error(http_status: int, code: int, retry_after_seconds: float | None) -> Outcome:
    """Judge an answer that is not a success.

    A throttled request was not processed and may be repeated. After a server error, or a time-out that
    something between us and Twilio reports, the message may exist. Every other error is a refusal.
    """
    if _leaves_doubt(http_status, code):
        return Unconfirmed(_explain_doubt(http_status, code), http_status)
    fault, explanation = classify_refusal(http_status, code), _explain(http_status, code)
    if fault is Fault.THROTTLED:
        return NotSent("throttled", code, http_status, retry_after_seconds, explanation)
    return Refused(code, http_status, fault, explanation)


def _leaves_doubt(http_status: int, code: int) -> bool:
    if code == _NEVER_PROCESSED or http_status == _TOO_MANY_REQUESTS:
        return False
    if http_status >= _LOWEST_SERVER_ERROR or http_status == _REQUEST_TIMEOUT:
        return True
    return _is_known_to_leave_doubt(code)


def _is_known_to_leave_doubt(code: int) -> bool:
    return code in known_errors() and look_up(code).in_doubt


def _explain_doubt(http_status: int, code: int) -> str:
    if _is_known_to_leave_doubt(code):
        return look_up(code).explanation
    return f"Twilio, or something before it, answered HTTP {http_status}; the message may have been created"


def _explain(http_status: int, code: int) -> str:
    """Say what happened in our own words; Twilio's may repeat the recipient's number."""
    if code in known_errors():
        return look_up(code).explanation
    if code == http_status:
        return f"Twilio, or something before it, answered HTTP {http_status} without an error code"
    return f"Twilio answered HTTP {http_status} with error {code}; see {look_up(code).documentation_url}"


def _segments(num_segments: object) -> int | None:
    """Read ``num_segments``, which is a string, and ``0`` until a Messaging Service has chosen a sender."""
    text = str(num_segments)
    return int(text) or None if _SEGMENTS.fullmatch(text) else None
