"""Tells text that can be written down from text that no database keeps: a NUL, or half of a surrogate pair.

JSON may hold both, and a producer that cuts an emoji in two (JavaScript counts it as two characters) makes the second.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from messaging_pipeline.errors import InvalidInput

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def refuse_unstorable(arguments: Mapping[str, Any]) -> None:
    """Raise InvalidInput naming the first argument with a text in it that cannot be written down."""
    for place, text in _texts(arguments):
        if not text.isascii() or "\0" in text:
            found = _UNSTORABLE.search(text)
            if found:
                raise InvalidInput(place, f"has {_named(found[0])} in it", "take it out; cut text between characters")


def storable(text: str) -> str:
    """Return the text with what cannot be written down spelled out."""
    return _UNSTORABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def replaced(text: str) -> str:
    """Return the text with a mark in place of each character that cannot be written down."""
    return _UNSTORABLE.sub("\ufffd", text)


def _texts(arguments: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every text with its place; a name is at the place that it would give another one."""
    waiting: list[tuple[str, Any]] = [("", arguments)]
    while waiting:
        place, value = waiting.pop()
        if isinstance(value, str):
            yield place, value
        elif isinstance(value, Mapping):
            yield from ((_below(place, "(a name)"), name) for name in value if isinstance(name, str))
            waiting += [(_below(place, name), one) for name, one in value.items()][::-1]
        elif isinstance(value, list | tuple):
            waiting += [(_below(place, position), one) for position, one in enumerate(value)][::-1]


def _below(place: str, name: object) -> str:
    return f"{place}.{name}" if place else str(name)


def _named(character: str) -> str:
    return "a NUL character" if character == "\0" else "half of a character (a lone surrogate)"
