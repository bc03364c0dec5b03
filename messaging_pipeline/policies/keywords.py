"""What keywords mean and how they are answered, as ``messaging.toml`` declares it for a tenant or one service."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic.dataclasses import dataclass

from messaging_pipeline.entry_points import EntryPoint
from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.messages.plan import TaskOfYours
from messaging_pipeline.messages.wording import bare, words

#: The words that Twilio knows, the same for every sender; others can only be added
#: (https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out).
STOP_WORDS = ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT")
START_WORDS = ("START", "YES", "UNSTOP")
HELP_WORDS = ("HELP", "INFO")

_STRICT = ConfigDict(extra="forbid", hide_input_in_errors=True)
_LONGEST_WORD = 40
_LONGEST_ANSWER = 1600

#: What TwiML cannot hold (https://www.w3.org/TR/xml/#charsets), and what a telephone does not show.
_NOT_FOR_XML = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def _word(text: str) -> str:
    if not bare(text) or len(text) > _LONGEST_WORD:
        raise ValueError(f"holds a word that is not 1 to {_LONGEST_WORD} letters, digits or emoji")
    return text


def _phrase(text: str) -> str:
    if not words(text):
        raise ValueError("holds a phrase without a word")
    return text


def checked_answer(text: str) -> str:
    """Return a text that may be answered; raises ValueError saying what is wrong, without the text."""
    if not text.strip() or len(text) > _LONGEST_ANSWER:
        raise ValueError(f"must be a text of 1 to {_LONGEST_ANSWER} characters")
    if _NOT_FOR_XML.search(text):
        raise ValueError("holds a control character")
    return text


Word = Annotated[str, AfterValidator(_word)]
Phrase = Annotated[str, AfterValidator(_phrase)]
Answer = Annotated[str, AfterValidator(checked_answer)]


@dataclass(frozen=True, config=_STRICT)
class Handler:
    """What a keyword calls: one of a Python function, a Celery task and a receiver of signed calls.

    ``argument`` is what may follow the word: nothing, one word, or any text; its length is counted in characters, and
    ``min_length = 0`` lets it be left out. ``usage`` answers a text whose argument does not fit; without it such a
    text is no keyword. A call that fails is made up to ``most_attempts`` times.
    """

    argument: Literal["none", "word", "rest"] = "none"
    min_length: Annotated[int, Field(ge=0, le=_LONGEST_ANSWER)] = 1
    max_length: Annotated[int, Field(ge=1, le=_LONGEST_ANSWER)] = _LONGEST_ANSWER
    usage: Answer | None = None
    python: EntryPoint | None = None
    celery: TaskOfYours | None = None
    receiver: Annotated[str, StringConstraints(min_length=1, max_length=63)] | None = None
    most_attempts: Annotated[int, Field(ge=1, le=100)] = 10

    @model_validator(mode="after")
    def _calls_one_thing(self) -> Self:
        if sum(way is not None for way in (self.python, self.celery, self.receiver)) != 1:
            raise ValueError("must name one of python, celery and receiver")
        if self.min_length > self.max_length:
            raise ValueError("has a min_length above its max_length")
        if self.argument == "none" and self.usage is not None:
            raise ValueError("has a usage, and no argument that could be wrong; leave it out, or set argument")
        return self

    def fits(self, argument: str) -> bool:
        """Tell whether a text may follow the word."""
        if self.argument == "none":
            return not argument
        is_one = self.argument == "rest" or len(argument.split()) <= 1
        return is_one and self.min_length <= len(argument) <= self.max_length


@dataclass(frozen=True, config=_STRICT)
class KeywordPolicy:
    """Words beside Twilio's own, in other languages for example, and what is answered.

    ``answers`` are keywords of one's own, each with its text; ``handlers`` those that call code. ``stop_phrases`` mark,
    wherever they stand in a text, that somebody may want to hear no more. ``opt_out_scope`` is how far a STOP
    reaches; with ``global``, a service heeds what was said to any other that has it, whosever it is. What a service
    leaves out is its tenant's.
    """

    more_stop: tuple[Word, ...] = ()
    more_start: tuple[Word, ...] = ()
    more_help: tuple[Word, ...] = ()
    stop_phrases: tuple[Phrase, ...] = ()
    answers: dict[Word, Answer] = Field(default_factory=dict)
    handlers: dict[Word, Handler] = Field(default_factory=dict)
    stop_answer: Answer | None = None
    start_answer: Answer | None = None
    help_answer: Answer | None = None
    opt_out_scope: Literal["service", "tenant", "global"] | None = None
    most_answers: Annotated[int, Field(ge=1, le=100)] | None = None
    most_answers_minutes: Annotated[float, Field(ge=1, le=1440)] | None = None

    @property
    def has_answers(self) -> bool:
        """Whether anything is ever answered."""
        return bool(self.answers or self.stop_answer or self.start_answer or self.help_answer or self._usages)

    @property
    def _usages(self) -> list[str]:
        return [one.usage for one in self.handlers.values() if one.usage is not None]

    @model_validator(mode="after")
    def _one_meaning_for_a_word(self) -> Self:
        declared = (
            *STOP_WORDS, *START_WORDS, *HELP_WORDS,
            *self.more_stop, *self.more_start, *self.more_help, *self.answers,
            *self.handlers,
        )  # fmt: skip
        twice = [word for word, count in Counter(bare(word) for word in declared).items() if count > 1]
        if twice:
            raise ValueError(f"gives the word {twice[0].upper()!r} two meanings")
        return self


def refuse_handlers_of_others(
    policies: Mapping[str, tuple[str, KeywordPolicy]], tenants_of_receivers: Mapping[str, str], file: str | None
) -> None:
    """Raise InvalidSettings for a handler whose receiver its tenant does not have.

    ``policies`` holds, by its place in the file, whose each policy is.
    """
    for place, tenant, word, receiver in _called_receivers(policies):
        if tenants_of_receivers.get(receiver) != tenant:
            raise InvalidSettings(
                f"MESSAGING_CONFIG {place}.keywords.handlers.{word}.receiver",
                f"tenant {tenant!r} has no receiver {receiver!r} (in {file})",
                f"declare [receivers.{receiver}] with this tenant, or name another receiver",
            )


def _called_receivers(
    policies: Mapping[str, tuple[str, KeywordPolicy]],
) -> Iterator[tuple[str, str, str, str]]:
    for place, (tenant, policy) in policies.items():
        for word, handler in policy.handlers.items():
            if handler.receiver is not None:
                yield place, tenant, word, handler.receiver
