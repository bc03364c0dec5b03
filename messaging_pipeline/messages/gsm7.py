"""The GSM-7 alphabet: the characters that a text may hold without doubling its price.

3GPP TS 23.038, section 6.2.1: a basic table of one septet a character, and an extension table whose
characters are written as an escape and a second septet.
"""

import re

BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The 127 characters of one septet, in the order of the standard's table (its escape at 0x1B left out)."""

EXTENSION = "\f^{}\\[~]|€"
"""The ten characters of two septets."""

ESCAPE = "\x1b"
"""The septet that announces a character of the extension table; no text character itself."""

_ENCODABLE = re.compile(f"[{re.escape(BASIC + EXTENSION)}]*")
_NOT_ENCODABLE = re.compile(f"[^{re.escape(BASIC + EXTENSION)}]")
_EXTENDED = re.compile(f"[{re.escape(EXTENSION)}]")
_ESCAPED = {ord(character): ESCAPE + character for character in EXTENSION}


def is_encodable(body: str) -> bool:
    """Tell whether every character of the body is in the alphabet."""
    return _ENCODABLE.fullmatch(body) is not None


def not_encodable(body: str) -> list[str]:
    """Return the characters outside the alphabet, in order of appearance, repetitions included."""
    return _NOT_ENCODABLE.findall(body)


def septets(body: str) -> str:
    """Return a string with one character per septet of the body, which must be encodable."""
    return body.translate(_ESCAPED) if _EXTENDED.search(body) else body
