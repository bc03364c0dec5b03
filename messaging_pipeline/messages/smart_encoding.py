"""Twilio's Smart Encoding: look-alikes in GSM-7 for characters that would double a text's price.

https://www.twilio.com/docs/messaging/services/smart-encoding-char-list
"""

import json
from functools import cache
from pathlib import Path

_TABLE = Path(__file__).with_name("smart_encoding.json")


def smart_encode(body: str) -> str:
    """Return the body as Smart Encoding would send it.

    Typographic quotes, dashes, spaces and full-width letters become plain ones; scripts and emoji stay,
    and so the result may still need UCS-2. It may be longer than the body.
    """
    return body.translate(_replacements())


@cache
def _replacements() -> dict[int, str]:
    """Return the table by code point; the file groups the characters by what replaces them.

    The pairs are those of Twilio's segment calculator (TwilioDevEd/message-segment-calculator, MIT).
    """
    groups: dict[str, str] = json.loads(_TABLE.read_text(encoding="utf-8"))
    return {ord(character): replacement for replacement, group in groups.items() for character in group}
