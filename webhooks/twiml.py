"""TwiML: the answer to an inbound webhook (https://www.twilio.com/docs/messaging/twiml)."""

from xml.sax.saxutils import escape

from flask import Response

_EMPTY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
_MESSAGE = '<?xml version="1.0" encoding="UTF-8"?><Response><Message>{}</Message></Response>'


def twiml(answer: str | None) -> Response:
    """Return TwiML that sends one message, or none. As ``text/plain``, Twilio would send the markup itself."""
    body = _EMPTY if answer is None else _MESSAGE.format(escape(answer))
    return Response(body, status=200, content_type="text/xml; charset=utf-8")
