"""What a text weighs: its encoding and the number of segments that Twilio bills and paces by."""

import re
from dataclasses import dataclass
from typing import Literal

from messaging_pipeline.messages import gsm7

Encoding = Literal["GSM-7", "UCS-2"]

_SINGLE_LIMIT: dict[Encoding, int] = {"GSM-7": 160, "UCS-2": 70}
_CONCATENATED_LIMIT: dict[Encoding, int] = {"GSM-7": 153, "UCS-2": 67}
_ESCAPED_SEPTETS = re.compile(f"{gsm7.ESCAPE}.", re.DOTALL)
_SURROGATE_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_OUTSIDE_BMP = re.compile("[\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class SegmentCount:
    """The encoding of a text and how many segments (1 or more) carry it."""

    encoding: Encoding
    segments: int


def count_segments(body: str) -> SegmentCount:
    """Count the segments of a body the way Twilio does, before Smart Encoding.

    One segment holds 160 septets, or 70 UTF-16 units when a character is outside GSM-7; a segment of a
    longer text holds 153, or 67. A character of two septets, or of two UTF-16 units, is never split
    (https://www.twilio.com/docs/glossary/what-sms-character-limit). An empty body counts as one
    segment: it goes out with media, as one MMS.
    """
    if gsm7.is_encodable(body):
        return SegmentCount("GSM-7", _segments(gsm7.septets(body), "GSM-7", _ESCAPED_SEPTETS))
    return SegmentCount("UCS-2", _segments(_utf16_units(body), "UCS-2", _SURROGATE_PAIR))


def characters_forcing_ucs2(body: str) -> str:
    """Return each character that keeps the body out of GSM-7 once, in order of appearance; "" if none."""
    return "".join(dict.fromkeys(gsm7.not_encodable(body)))


def _utf16_units(body: str) -> str:
    """Return a string with one character per UTF-16 unit of the body."""
    return _OUTSIDE_BMP.sub("\ud800\udc00", body)


def _segments(units: str, encoding: Encoding, unsplittable: re.Pattern[str]) -> int:
    if len(units) <= _SINGLE_LIMIT[encoding]:
        return 1
    limit = _CONCATENATED_LIMIT[encoding]
    segments = end = 0
    while end < len(units):
        segments += 1
        end += limit
        if unsplittable.match(units, end - 1):
            end -= 1
    return segments
