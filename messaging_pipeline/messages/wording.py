"""Texts as people mean them: letters alike, and no matter how they are spaced, pointed or capitalised."""

import re
import unicodedata

_EMOJI_STYLE = "\ufe0f"
"""Says "as a picture" after a symbol; telephones add it or leave it out."""

#: Punctuation, spaces and control characters, by the first letter of their category in Unicode.
_SILENT = frozenset("PZC")

_APOSTROPHES = re.compile("['\u2019\u02bc`\u00b4]")


def bare(text: str) -> str:
    """Return a text without what is forgiven: case, spaces, punctuation, ASCII symbols; other symbols stay.

    So ``" Opt-out! "`` and ``"OPTOUT"`` are the same, an emoji can be a keyword, and ``"STOP 12"`` is not ``"STOP"``.
    """
    return "".join(letter for letter in _alike(text) if _is_said(letter))


def words(text: str) -> str:
    """Return the words of a text in small letters with one space between them; apostrophes are dropped."""
    told = _APOSTROPHES.sub("", _alike(text))
    return " ".join("".join(letter if _is_said(letter) else " " for letter in told).split())


def _alike(text: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _is_said(letter: str) -> bool:
    if letter.isascii():
        return letter.isalnum()
    return letter != _EMOJI_STYLE and unicodedata.category(letter)[0] not in _SILENT
