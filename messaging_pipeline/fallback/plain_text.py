"""Text as mail can carry it: valid Unicode, and a subject on one line."""

from unicodedata import category

#: Control characters, and the line and paragraph separators that some software takes for a line's end.
_NOT_IN_A_LINE = frozenset({"Cc", "Zl", "Zp"})


def valid(text: str) -> str:
    """Return the text with a question mark for every half of a surrogate pair, which no encoding can carry."""
    return text.encode("utf-8", "replace").decode("utf-8")


def one_line(text: str) -> str:
    """Return valid text in which nothing can end a line, so that a header's value cannot become two headers."""
    return "".join(" " if category(character) in _NOT_IN_A_LINE else character for character in valid(text)).strip()
