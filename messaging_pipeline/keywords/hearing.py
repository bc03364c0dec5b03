"""What an inbound message says: one pure reading, by the webhook that answers and by the worker that acts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from messaging_pipeline.configuration import Configuration
from messaging_pipeline.errors import InvalidInput
from messaging_pipeline.ids import E164
from messaging_pipeline.keywords.addressed import Addressed, addressed
from messaging_pipeline.keywords.commands import Command
from messaging_pipeline.keywords.vocabulary import Keyword, Kind, Vocabulary, vocabulary_of
from messaging_pipeline.keywords.wishes import asks_for_silence
from messaging_pipeline.messages.phone_numbers import is_toll_free, parse_e164

Flag = Literal["wish_in_words", "no_phone_number", "no_service"]
"""Why a person should look at a message: it sounds like a wish to hear no more; a keyword whose sender has no phone
number; a START of which nobody knows to what."""

_HEEDED_BY_NETWORKS = frozenset({Kind.STOP, Kind.START})
_OPT_OUT_TYPES = {"STOP": Kind.STOP, "START": Kind.START, "HELP": Kind.HELP}


@dataclass(frozen=True, slots=True)
class Heard:
    """What a message says.

    ``number`` is who wrote, where that is a phone number; ``service`` whom they wrote to, and ``beside`` the other
    services that send from there too, for which a STOP or a START counts as well. ``every_service`` tells that the
    keyword is about all of the tenant's services, ``everywhere`` that it is about every tenant that shares its
    opt-outs. ``answer`` is what may be said at once; None where nothing is
    configured, and where Twilio has answered already. ``command`` is what calls a handler, if anything does.
    """

    tenant: str
    number: E164 | None
    service: str | None
    kind: Kind | None
    word: str | None
    every_service: bool
    everywhere: bool
    flag: Flag | None
    answer: str | None
    most_answers: int
    most_answers_seconds: float
    command: Command | None = None
    beside: tuple[str, ...] = ()


def hear(configuration: Configuration, tenant: str, form: Mapping[str, str]) -> Heard:
    """Read the form of an inbound webhook; whatever is in it, this does not fail."""
    target = addressed(configuration, tenant, form)
    vocabulary, *others = (vocabulary_of(configuration, tenant, key) for key in (target.service, *target.beside))
    number = _number(form.get("From"))
    keyword = _stop_among(others, form) or _keyword(vocabulary, form)
    command = None if keyword or number is None or target.service is None else vocabulary.command(form.get("Body", ""))
    if command is not None:
        keyword = Keyword(Kind.CUSTOM, command.word, None if command.fits else command.handler.usage, is_twilios=False)
    kind = keyword.kind if keyword else None
    if number is None and kind is Kind.STOP:
        number = _number_behind_channel(form.get("From", ""))
    covers_tenant = any(one.covers_tenant for one in (vocabulary, *others))
    every_service = covers_tenant or (kind is Kind.STOP and target.is_guess)
    spoken_kind = kind if command is None else None  # behind a command's word, people may wish what they like
    flag = _flag(spoken_kind, number, target, vocabulary, form, every_service=every_service)
    return Heard(
        tenant=tenant,
        number=number,
        service=target.service,
        kind=kind,
        word=keyword.word if keyword else None,
        every_service=every_service,
        everywhere=any(one.reach == "global" for one in (vocabulary, *others)),
        flag=flag,
        answer=_answer(configuration, target, keyword, form) if number is not None and flag is None else None,
        most_answers=vocabulary.most_answers,
        most_answers_seconds=vocabulary.most_answers_seconds,
        command=command if command is not None and command.fits else None,
        beside=target.beside,
    )


def _stop_among(vocabularies: Iterable[Vocabulary], form: Mapping[str, str]) -> Keyword | None:
    """A STOP by the words of any service behind the sender is one."""
    said = (_keyword(one, form) for one in vocabularies)
    return next((one for one in said if one is not None and one.kind is Kind.STOP), None)


def _keyword(vocabulary: Vocabulary, form: Mapping[str, str]) -> Keyword | None:
    """Advanced Opt-Out has words of its own, in many languages: what Twilio took for a STOP is one."""
    kind = _OPT_OUT_TYPES.get(form.get("OptOutType", "").upper())
    if kind is not None:
        return Keyword(kind, kind.value, vocabulary.answers[kind], is_twilios=True)
    return vocabulary.keyword(form.get("Body", ""), toll_free=is_toll_free(form.get("To", "")))


def _answer(
    configuration: Configuration, target: Addressed, keyword: Keyword | None, form: Mapping[str, str]
) -> str | None:
    if keyword is None or _twilio_has_answered(configuration, target, keyword, form):
        return None
    return keyword.answer


def _twilio_has_answered(
    configuration: Configuration, target: Addressed, keyword: Keyword, form: Mapping[str, str]
) -> bool:
    """With OptOutType it has said so; by default it answers its own words; toll-free networks heed STOP themselves."""
    if form.get("OptOutType"):
        return True
    by_default = target.service is None or configuration.services[target.service].twilio_handles_keywords
    by_network = keyword.kind in _HEEDED_BY_NETWORKS and is_toll_free(form.get("To", ""))
    return keyword.is_twilios and (by_default or by_network)


def _flag(
    kind: Kind | None,
    number: E164 | None,
    target: Addressed,
    vocabulary: Vocabulary,
    form: Mapping[str, str],
    *,
    every_service: bool,
) -> Flag | None:
    if kind in {Kind.STOP, Kind.START}:
        if number is None:
            return "no_phone_number"
        return "no_service" if target.service is None and not every_service else None
    said = form.get("Body", "")
    return "wish_in_words" if kind is None and asks_for_silence(said, vocabulary.stop_phrases) else None


def _number(text: str | None) -> E164 | None:
    """A short code, or an address of another channel, is no number that we could be told to write to no more."""
    try:
        return parse_e164(text, "From")
    except InvalidInput:
        return None


def _number_behind_channel(address: str) -> E164 | None:
    """Who says stop by RCS has as a rule been written to by their number, and by WhatsApp means us as well.

    A yes to another channel is none to texts, so that only a STOP is taken so.
    """
    return _number(address.removeprefix("rcs:").removeprefix("whatsapp:"))
