"""What keywords mean and how they are answered, as ``messaging.toml`` declares it for a tenant or one service."""

import re
from collections import Counter
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

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


def _answer(text: str) -> str:
    if not text.strip() or len(text) > _LONGEST_ANSWER:
        raise ValueError(f"must be a text of 1 to {_LONGEST_ANSWER} characters")
    if _NOT_FOR_XML.search(text):
        raise ValueError("holds a control character")
    return text


Word = Annotated[str, AfterValidator(_word)]
Phrase = Annotated[str, AfterValidator(_phrase)]
Answer = Annotated[str, AfterValidator(_answer)]


@dataclass(frozen=True, config=_STRICT)
class KeywordPolicy:
    """Words beside Twilio's own, in other languages for example, and what is answered.

    ``answers`` are keywords of one's own, each with its text. ``stop_phrases`` mark, wherever they stand in a text,
    that somebody may want to hear no more. What a service leaves out is its tenant's.
    """

    more_stop: tuple[Word, ...] = ()
    more_start: tuple[Word, ...] = ()
    more_help: tuple[Word, ...] = ()
    stop_phrases: tuple[Phrase, ...] = ()
    answers: dict[Word, Answer] = Field(default_factory=dict)
    stop_answer: Answer | None = None
    start_answer: Answer | None = None
    help_answer: Answer | None = None
    opt_out_scope: Literal["service", "tenant"] | None = None
    most_answers: Annotated[int, Field(ge=1, le=100)] | None = None
    most_answers_minutes: Annotated[float, Field(ge=1, le=1440)] | None = None

    @property
    def has_answers(self) -> bool:
        """Whether anything is ever answered."""
        return bool(self.answers or self.stop_answer or self.start_answer or self.help_answer)

    @model_validator(mode="after")
    def _one_meaning_for_a_word(self) -> Self:
        declared = (
            *STOP_WORDS, *START_WORDS, *HELP_WORDS,
            *self.more_stop, *self.more_start, *self.more_help, *self.answers,
        )  # fmt: skip
        twice = [word for word, count in Counter(bare(word) for word in declared).items() if count > 1]
        if twice:
            raise ValueError(f"gives the word {twice[0].upper()!r} two meanings")
        return self
