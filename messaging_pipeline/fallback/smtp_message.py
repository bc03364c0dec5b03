"""Writes a letter as the bytes that go over SMTP.

The older half of Python's ``email`` is used on purpose: the newer ``EmailMessage`` loses blanks from subjects
that hold both ASCII and other words (ADR 0008).
"""

from datetime import datetime
from email.charset import QP, Charset
from email.header import Header
from email.message import Message
from email.policy import compat32
from email.utils import format_datetime

from messaging_pipeline.fallback.addresses import Sender
from messaging_pipeline.fallback.letters import Letter
from messaging_pipeline.fallback.plain_text import one_line, valid

_ON_THE_WIRE = compat32.clone(linesep="\r\n", cte_type="7bit")

#: An ASCII value up to this long stays as it is; a longer one could not always be folded to lines of 78 characters.
_LONGEST_BARE_CHARACTERS = 60


def write_message(letter: Letter, sender: Sender, now: datetime) -> bytes:
    """Return headers and text in ASCII: every line, the last one too, ends with CRLF.

    The Message-ID follows from the letter's token alone, so that whoever gets the letter twice can tell.
    """
    message: Message[Header | str, Header | str] = Message()
    message["From"] = _from(sender)
    message["To"] = one_line(letter.to)
    message["Subject"] = _unstructured(letter.subject)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{one_line(letter.token)}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's holiday notice should answer
    message.set_payload(valid(letter.text.removesuffix("\n") + "\n"), _quoted_printable())
    return message.as_bytes(policy=_ON_THE_WIRE)


def _quoted_printable() -> Charset:
    """UTF-8 that stays readable where it is ASCII; Python's own choice, base64, looks like spam to filters."""
    charset = Charset("utf-8")
    charset.body_encoding = QP
    return charset


def _unstructured(text: str) -> Header | str:
    line = one_line(text)
    if line.isascii() and "=?" not in line and len(line) <= _LONGEST_BARE_CHARACTERS:
        return line
    return Header(line, "utf-8", header_name="Subject")


def _from(sender: Sender) -> Header | str:
    """Write the sender; the name goes into encoded words unless it is nothing but letters, digits and blanks."""
    name = sender.name
    if not name:
        return sender.address
    plain = name.isascii() and name.replace(" ", "").isalnum() and len(name) <= _LONGEST_BARE_CHARACTERS
    header = Header(name, "us-ascii" if plain else "utf-8", header_name="From")
    header.append(f"<{sender.address}>", "us-ascii")
    return header
