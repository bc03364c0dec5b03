"""A keyword with something behind it, such as `STATUS 4711`: which word it is, and what its argument."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from messaging_pipeline.messages.wording import bare
from messaging_pipeline.policies.keywords import Handler

#: No word has more letters, however they are composed; a longer beginning is not read.
_LONGEST_BEGINNING = 120

#: Within emoji, not between words.
_JOINERS = "\ufe0f\u200c\u200d"

#: What people put between a word and its argument, or around it, and do not mean.
_BETWEEN = " \t\r\n\u00a0:;,.!?=#*\u2013\u2014-"
_AROUND_A_WORD = _BETWEEN + "\"'()[]{}<>\u201c\u201d\u2018\u2019\u00bf\u00a1"

#: What no text message means to say, and what not every JSON reader or database takes.
_NOT_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Command:
    """A keyword that calls a handler. When its argument does not fit, only the handler's ``usage`` can be said."""

    word: str
    handler: Handler
    argument: str
    fits: bool


def command_in(body: str, handlers: Mapping[str, Handler]) -> Command | None:
    """Find the command that a text is. ``handlers`` are known by the bare forms of their words.

    Case, spaces and punctuation are forgiven in the word, as in every keyword: `on-call`, `ON CALL` and `Oncall:` are
    one. Of two words that fit, the longer one counts. A text that has a handler's word and no fitting argument is a
    command only where the handler says how it is used.
    """
    if not handlers:
        return None
    found = [_command(body, end, word, handlers[word]) for end, word in _beginnings(body) if word in handlers]
    fitting = [one for one in found if one.fits]
    explained = [one for one in found if one.handler.usage is not None]
    return next(reversed(fitting or explained), None)


def _beginnings(body: str) -> Iterator[tuple[int, str]]:
    """Where each run of letters, digits or emoji of a text ends, and the bare form of the text up to there."""
    length = 0
    for end, letter in enumerate(body, start=1):
        if not _holds_together(letter):
            continue
        length += 1
        if length > _LONGEST_BEGINNING:
            return
        if end == len(body) or not _holds_together(body[end]):
            yield end, bare(body[:end])


def _holds_together(letter: str) -> bool:
    return letter in _JOINERS or bool(bare(letter))


def _command(body: str, end: int, word: str, handler: Handler) -> Command:
    argument = _NOT_TEXT.sub("", body[end:]).lstrip(_BETWEEN).rstrip()
    if handler.argument == "word":
        argument = argument.strip(_AROUND_A_WORD)
    return Command(word, handler, argument, handler.fits(argument))
