"""The form of an inbound webhook (https://www.twilio.com/docs/messaging/guides/webhook-request)."""

from messaging_pipeline.simulator.message import Message
from messaging_pipeline.simulator.resources import API_VERSION, message_path

_UNKNOWN_PLACE = dict.fromkeys((f"{side}{part}" for side in ("From", "To") for part in ("City", "State", "Zip")), "")


def inbound_fields(message: Message, base_url: str, opt_out_type: str | None) -> dict[str, str]:
    """Return the fields; ``opt_out_type`` is given only with Advanced Opt-Out."""
    fields = {
        "AccountSid": message.account_sid,
        "ApiVersion": API_VERSION,
        "Body": message.body,
        "From": message.sender or "",
        "FromCountry": "US",
        "MessageSid": message.sid,
        "NumMedia": str(len(message.media)),
        "NumSegments": str(message.segments),
        "SmsMessageSid": message.sid,
        "SmsSid": message.sid,
        "SmsStatus": "received",
        "To": message.to,
        "ToCountry": "US",
    }
    fields |= _UNKNOWN_PLACE
    for number, media in enumerate(message.media):
        fields[f"MediaUrl{number}"] = f"{base_url}{message_path(message)}/Media/{media.sid}"
        fields[f"MediaContentType{number}"] = media.content_type
    if message.service_sid:
        fields["MessagingServiceSid"] = message.service_sid
    if opt_out_type:
        fields["OptOutType"] = opt_out_type
    return fields
