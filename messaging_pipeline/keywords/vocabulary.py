"""The words that one service understands: Twilio's, its tenant's and its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from messaging_pipeline.configuration import Configuration
from messaging_pipeline.keywords.commands import Command, command_in
from messaging_pipeline.keywords.reach import Reach, reach_of
from messaging_pipeline.messages.wording import bare
from messaging_pipeline.policies.keywords import HELP_WORDS, START_WORDS, STOP_WORDS, Handler, KeywordPolicy

_NONE = KeywordPolicy()
_MOST_ANSWERS = 5
_MOST_ANSWERS_MINUTES = 10.0

#: The networks of toll-free numbers heed STOP by themselves, and only these undo it.
_NOT_ON_TOLL_FREE_NUMBERS = frozenset({"yes"})


class Kind(StrEnum):
    """What a keyword asks for."""

    STOP = "stop"
    START = "start"
    HELP = "help"
    CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class Keyword:
    """A word in its bare form, what it asks for, what is configured as its answer, and whether Twilio knows it too."""

    kind: Kind
    word: str
    answer: str | None
    is_twilios: bool


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Every keyword and every handler of a service by its bare form, and the rest of its policy."""

    keywords: Mapping[str, Keyword]
    handlers: Mapping[str, Handler]
    answers: Mapping[Kind, str | None]
    stop_phrases: tuple[str, ...]
    reach: Reach
    most_answers: int
    most_answers_seconds: float

    @property
    def covers_tenant(self) -> bool:
        """Whether STOP and START are about all of the tenant's services."""
        return self.reach != "service"

    def keyword(self, body: str, *, toll_free: bool) -> Keyword | None:
        """Return the keyword that a text is, as a whole; ``toll_free`` tells what kind of number it was sent to."""
        word = bare(body)
        if toll_free and word in _NOT_ON_TOLL_FREE_NUMBERS:
            return None
        return self.keywords.get(word)

    def command(self, body: str) -> Command | None:
        """Return the call of a handler that a text is; one that is a keyword as a whole is none."""
        return command_in(body, self.handlers)


def vocabulary_of(configuration: Configuration, tenant: str, service: str | None) -> Vocabulary:
    """Put together what a service's policy and its tenant's say; what both say, the service decides."""
    own = configuration.services[service].keywords if service is not None else _NONE
    wide = configuration.tenants[tenant].keywords if tenant in configuration.tenants else _NONE
    answers = {
        Kind.STOP: own.stop_answer or wide.stop_answer,
        Kind.START: own.start_answer or wide.start_answer,
        Kind.HELP: own.help_answer or wide.help_answer,
    }
    keywords = _keywords(own, wide, answers)
    return Vocabulary(
        keywords=keywords,
        handlers=_handlers(own, wide, keywords),
        answers=answers,
        stop_phrases=(*own.stop_phrases, *wide.stop_phrases),
        reach=reach_of(configuration, tenant, service),
        most_answers=own.most_answers or wide.most_answers or _MOST_ANSWERS,
        most_answers_seconds=60 * (own.most_answers_minutes or wide.most_answers_minutes or _MOST_ANSWERS_MINUTES),
    )


def _keywords(own: KeywordPolicy, wide: KeywordPolicy, answers: Mapping[Kind, str | None]) -> dict[str, Keyword]:
    """Where the tenant and the service give a word two meanings, the more careful one holds: STOP before all."""
    called = {bare(word) for word in own.handlers}
    custom = {bare(word): text for word, text in wide.answers.items() if bare(word) not in called}
    custom |= {bare(word): text for word, text in own.answers.items()}
    found = {word: Keyword(Kind.CUSTOM, word, text, is_twilios=False) for word, text in custom.items()}
    for kind, twilios, more in (
        (Kind.HELP, HELP_WORDS, (*wide.more_help, *own.more_help)),
        (Kind.START, START_WORDS, (*wide.more_start, *own.more_start)),
        (Kind.STOP, STOP_WORDS, (*wide.more_stop, *own.more_stop)),
    ):
        found |= {bare(word): Keyword(kind, bare(word), answers[kind], is_twilios=False) for word in more}
        found |= {bare(word): Keyword(kind, bare(word), answers[kind], is_twilios=True) for word in twilios}
    return found


def _handlers(own: KeywordPolicy, wide: KeywordPolicy, keywords: Mapping[str, Keyword]) -> dict[str, Handler]:
    """A word that is a keyword already, at the tenant's or the service's wish, calls nothing."""
    declared = {bare(word): handler for word, handler in (*wide.handlers.items(), *own.handlers.items())}
    return {word: handler for word, handler in declared.items() if word not in keywords}
