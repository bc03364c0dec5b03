"""A status callback, parsed once from the form that Twilio posts.

https://www.twilio.com/docs/messaging/guides/track-outbound-message-status
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from messaging_pipeline.errors import PipelineError
from messaging_pipeline.ids import MessageSid
from messaging_pipeline.twilio_api.sids import ACCOUNT_SID, MESSAGE_SID

_STATUS = re.compile(r"[A-Za-z_-]{1,32}")
_ERROR_CODE = re.compile(r"[0-9]{1,6}")
_RAW_DLR_DONE_DATE = re.compile(r"[0-9]{10}")


class MalformedCallback(PipelineError):
    """Raised when a callback cannot be read; ``field`` is the form's name of what is wrong or missing."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field

    def __str__(self) -> str:
        return f"the callback's {self.field} is missing or malformed"


@dataclass(frozen=True, slots=True)
class StatusCallback:
    """What a status callback says.

    ``status`` is the word as Twilio wrote it, known to us or not. ``raw_dlr_done_date`` is the carrier's
    time of delivery, ``YYMMDDhhmm`` in a zone that nobody states.
    """

    sid: MessageSid
    status: str
    error_code: int | None
    account_sid: str | None
    raw_dlr_done_date: str | None


def parse_status_callback(form: Mapping[str, str]) -> StatusCallback:
    """Read a status callback; names of old serve where Twilio's newer ones are missing.

    Raises ``MalformedCallback`` for a field that must be right: the message's SID, its status, and,
    where present, the error code and the account's SID. A carrier's date of another form is left out.
    """
    error_code = _optional(form, "ErrorCode", _ERROR_CODE)
    date = form.get("RawDlrDoneDate", "")
    return StatusCallback(
        sid=MessageSid(_required(form, "MessageSid", "SmsSid", MESSAGE_SID)),
        status=_required(form, "MessageStatus", "SmsStatus", _STATUS),
        error_code=None if error_code is None else int(error_code),
        account_sid=_optional(form, "AccountSid", ACCOUNT_SID),
        raw_dlr_done_date=date if _RAW_DLR_DONE_DATE.fullmatch(date) else None,
    )


def _required(form: Mapping[str, str], field: str, older_field: str, shape: re.Pattern[str]) -> str:
    text = form.get(field) or form.get(older_field) or ""
    if not shape.fullmatch(text):
        raise MalformedCallback(field)
    return text


def _optional(form: Mapping[str, str], field: str, shape: re.Pattern[str]) -> str | None:
    text = form.get(field)
    if not text:
        return None
    if not shape.fullmatch(text):
        raise MalformedCallback(field)
    return text
