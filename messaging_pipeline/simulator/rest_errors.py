"""The errors of the REST API: Twilio's codes, each with its HTTP status and text."""

from typing import Any

HTTP_SERVER_ERROR = 500

_ERRORS: dict[int, tuple[int, str]] = {
    20001: (400, "Parameter {} is missing or not valid"),
    20003: (401, "Authenticate"),
    20009: (409, "Cannot delete this resource before it is complete"),
    20404: (404, "The requested resource {} was not found"),
    20429: (429, "Too Many Requests"),
    20500: (HTTP_SERVER_ERROR, "An internal server error has occurred"),
    21211: (400, "The 'To' number {} is not a valid phone number."),
    21212: (400, "The 'From' number {} is not a valid phone number, shortcode, or alphanumeric sender ID."),
    21408: (
        400,
        "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: {}",
    ),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' or 'MessagingServiceSid' parameter is required to send a message."),
    21604: (400, "A 'To' phone number is required."),
    21606: (400, "The 'From' phone number {} is not a valid, message-capable Twilio phone number."),
    21609: (400, "The 'StatusCallback' URL {} is not a valid URL."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    # Reports differ between 400 and 429 for this one; callers should go by the code.
    21611: (429, "The 'From' number {} has exceeded the maximum number of queued messages."),
    21612: (400, "The 'To' phone number {} is not currently reachable via SMS."),
    21614: (400, "'To' number {} is not a valid mobile number."),
    21617: (400, "The concatenated message body exceeds the 1600 character limit."),
    21620: (400, "Invalid media URL(s)"),
    21621: (400, "The 'From' number {} has not been enabled for MMS."),
    21623: (400, "Number of media files exceeds allowed limit."),
    21624: (400, "The validity period value is invalid."),
    21654: (400, "The ContentSid parameter is required."),
    21655: (400, "The ContentSid {} is invalid."),
    21656: (400, "The ContentVariables parameter is invalid."),
    21701: (404, "The Messaging Service {} does not exist."),
    21704: (400, "The Messaging Service contains no phone numbers."),
    21705: (400, "The Messaging Service {} is invalid."),
    21710: (409, "Phone Number or Short Code is already in the Messaging Service."),
    21711: (404, "Phone Number or Short Code is not in the Messaging Service."),
    21712: (409, "Phone Number or Short Code is associated with another Messaging Service."),
    30400: (400, "Parameters are not valid."),
    30409: (409, "This message cannot be canceled."),
    35111: (400, "SendAt timestamp is missing."),
    35115: (
        400,
        "SendAt time must be between 300 seconds and 35 days (3024000 seconds) in the future, inclusive.",
    ),
    35118: (400, "MessagingServiceSid is required to schedule a message."),
    35126: (400, "The ScheduleType value provided is not supported for this channel."),
    60200: (400, "Invalid parameter"),
    60202: (429, "Max check attempts reached"),
    60203: (429, "Max send attempts reached"),
}


class ApiError(Exception):
    """An answer that refuses. ``about`` is put into the text as Twilio does, phone numbers included."""

    def __init__(self, code: int, about: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.http_status, text = _ERRORS[code]
        self.text = text.format(about)

    def as_json(self) -> dict[str, Any]:
        """Return the body of the answer (https://www.twilio.com/docs/usage/twilios-response)."""
        return {
            "code": self.code,
            "message": self.text,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.http_status,
        }
