"""The replies in a TwiML answer (https://www.twilio.com/docs/messaging/twiml)."""

from dataclasses import dataclass
from xml.etree import ElementTree

MAX_REPLIES = 10
_XML_TYPES = frozenset({"text/xml", "application/xml", "text/html"})


class TwimlError(Exception):
    """Raised for an answer that Twilio cannot act on; the text says why."""


@dataclass(frozen=True, slots=True)
class TwimlReply:
    """One ``<Message>``. ``to`` is None for the one who wrote."""

    body: str
    media_urls: tuple[str, ...] = ()
    to: str | None = None
    status_callback: str | None = None


def read_replies(content_type: str, content: bytes) -> list[TwimlReply]:
    """Return the messages that an answer asks for; plain text is itself the one reply.

    Raises TwimlError for anything that is neither, or has more than ten messages.
    """
    text = content.decode("utf-8", "replace").strip()
    if content_type == "text/plain":
        return [TwimlReply(text)] if text else []
    if content_type not in _XML_TYPES:
        raise TwimlError("the content type is neither XML nor plain text")
    if not text:
        return []
    try:
        root = ElementTree.fromstring(text)  # noqa: S314 - from the developer's own server
    except ElementTree.ParseError:
        raise TwimlError("the answer is not well-formed XML") from None
    if root.tag != "Response":
        raise TwimlError("the root element is not Response")
    replies = [_reply(element) for element in root.iter("Message")]
    if len(replies) > MAX_REPLIES:
        raise TwimlError(f"more than {MAX_REPLIES} messages")
    return replies


def _reply(element: ElementTree.Element) -> TwimlReply:
    body = element.findtext("Body") if element.find("Body") is not None else element.text
    return TwimlReply(
        body=(body or "").strip(),
        media_urls=tuple((media.text or "").strip() for media in element.findall("Media")),
        to=element.get("to"),
        status_callback=element.get("statusCallback"),
    )
