"""Masks phone numbers and what messages say in any text: prose, JSON, forms, what Python prints of its objects."""

import re

MASK = "…"

#: A phone number in international form, wherever it stands; in a URL or a form its plus is escaped.
_NUMBER = re.compile(r"(\+|%2[Bb])(\d)\d{6,}")
#: The same as people write it: +1 (415) 555-0123.
_WRITTEN_NUMBER = re.compile(r"(\+)([1-9])(?:(?:[ .\-()\u00a0]|%20){0,2}\d){6,}")

_TELLING = r"body|media_?urls?|mediaurl\d*|subject|text|buttontext|buttonpayload"
_NUMBERED = r"to|from_?|to_number|from_number|number|phone|recipient|caller|called|forwardedfrom|waid"

#: A field's name and what stands before its value: `Body=`, `"body": `, `'to', `, `\"body\":[`.
_FIELD = re.compile(
    rf"(?<![A-Za-z0-9_])(?:(?P<telling>{_TELLING})|(?P<numbered>{_NUMBERED}))"
    r"(?:=|(?P<quoted>\\*[\"'])\s*[:,]\s*)(?P<list>[\[(]\s*)?",
    re.IGNORECASE,
)
_OPENING = re.compile(r"[bBrRuU]{0,2}(?P<escapes>\\*)(?P<quote>[\"'])")
_NEXT_ITEM = re.compile(r"\s*,\s*(?=[bBrRuU]{0,2}\\*[\"'])")
_NOTHING = re.compile(r"(?:none|null|true|false)\b", re.IGNORECASE)
_BARE_TEXT = re.compile(r"[^&\r\n]*")
_BARE_NUMBER = re.compile(r"(?:%[0-9A-Fa-f]{2}|[+\d().\- \u00a0])*")
_ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}")
_DIGIT = re.compile(r"\d")
_FEWEST_DIGITS = 7
#: What can follow a quote that ends a text; an apostrophe inside one is followed by a letter.
_AFTER_QUOTES = frozenset({"", *",;:)]}&> \t\r\n\\\"'"})


def mask(text: str) -> str:
    """Return the text without numbers and without the values of fields that hold what a message says."""
    pieces: list[str] = []
    done = 0
    while field := _FIELD.search(text, done):
        end, value = _value(text, field)
        pieces += [text[done : field.end()], value]
        done = end
    return mask_numbers("".join([*pieces, text[done:]]))


def mask_numbers(text: str) -> str:
    """Replace all but the plus and the first digit of each phone number in international form."""
    return _WRITTEN_NUMBER.sub(rf"\1\2{MASK}", _NUMBER.sub(rf"\1\2{MASK}", text))


def _value(text: str, field: re.Match[str]) -> tuple[int, str]:
    """Return where a field's value ends, and how it may be shown."""
    start = field.end()
    tells = field["telling"] is not None
    if opening := _OPENING.match(text, start):
        return _texts(text, opening, tells=tells, in_list=field["list"] is not None)
    if _NOTHING.match(text, start):
        return start, ""
    if tells and field["quoted"] is None:
        bare = _run(_BARE_TEXT, text, start)
        return start + len(bare), MASK if bare else ""
    number = _run(_BARE_NUMBER, text, start)
    return start + len(number), _number(number)


def _texts(text: str, opening: re.Match[str], *, tells: bool, in_list: bool) -> tuple[int, str]:
    """Mask one text in quotes, or each text of a list."""
    end, shown = _quoted(text, opening, tells=tells)
    pieces = [shown]
    while in_list and (comma := _NEXT_ITEM.match(text, end)) and (item := _OPENING.match(text, comma.end())):
        end, shown = _quoted(text, item, tells=tells)
        pieces += [comma.group(), shown]
    return end, "".join(pieces)


def _quoted(text: str, opening: re.Match[str], *, tells: bool) -> tuple[int, str]:
    closing = _closing(text, opening)
    if closing is None and not tells:
        return opening.end(), opening.group()
    if closing is None:  # a line that was cut off is masked to its end
        return len(text), opening.group() + MASK
    mark = opening["escapes"] + opening["quote"]
    value = text[opening.end() : closing]
    return closing + len(mark), opening.group() + (MASK if tells else _number(value)) + mark


def _closing(text: str, opening: re.Match[str]) -> int | None:
    """Return where a text in quotes ends: at a quote with as many backslashes before it as the first one has.

    More of them stand before a quote inside the text, and, rarely, where a text ends in a backslash: then what follows
    is masked too, up to the next quote.
    """
    quote, escapes = opening["quote"], len(opening["escapes"])
    at = opening.end() - 1
    while (at := text.find(quote, at + 1)) >= 0:
        first = at
        while first > opening.end() and text[first - 1] == "\\":
            first -= 1
        if at - first == escapes and text[at + 1 : at + 2] in _AFTER_QUOTES:
            return first
    return None


def _run(pattern: re.Pattern[str], text: str, start: int) -> str:
    found = pattern.match(text, start)
    return found.group() if found else ""


def _number(value: str) -> str:
    """Hide a value that has the digits of a phone number, in whatever form; keep any other."""
    masked = mask_numbers(value)
    return MASK if len(_DIGIT.findall(_ESCAPED.sub("", masked))) >= _FEWEST_DIGITS else masked
