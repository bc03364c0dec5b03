"""Whether somebody may be asking, in words of their own, to be written to no more."""

import re
from collections.abc import Iterable

from messaging_pipeline.messages.wording import words

_WRITING = r"(text|message|messag|contact|write|writing|call|email|mail|send|spam|bother|sms)(ing|s)?"
_US = r"(me|us|my (number|phone))"

#: As people say it in English, in words without punctuation. A false alarm costs a person a glance; a wish that is
#: overlooked is against the law.
_WISHES = re.compile(
    "|".join(
        (
            r"^(stop|stopall|unsubscribe|optout|revoke)\b(?! (by|in|at|over|here|there|off)\b)",
            r"\b(please|pls|plz|just|kindly) (stop|quit|unsubscribe|cease)\b(?! (by|in|at|over)\b)",
            r"\b(stop|unsubscribe) (please|pls|plz|now|already|it|this)$",
            rf"\b(stop|quit|cease)( (all|with|the|these|those|this|your|any|sending|and|desist))* {_WRITING}\b",
            rf"\b(dont|never|no longer|not)( (ever|want( you)? to))? {_WRITING}( to)?( {_US}| again| any ?more|$)",
            r"\bno (more|further) (texts?|messages?|sms|alerts?|marketing|ads|spam|contact)\b",
            r"\b(dont|do not|no longer) (want|wish|need)( to (get|receive|hear|be)| (any|these|your|more))\b",
            r"\bunsubscribe\b",
            r"\bopt(ing)?(ed)? ?out\b",
            rf"\b(remove|delete|erase|forget) {_US}\b",
            rf"\btake {_US} off\b",
            r"\bleave me (alone|be)\b",
            r"\bwrong (number|person)\b",
            r"\b(revoke|withdraw)( my| all)? consent\b",
            r"\b(off|from) (your|the|this) (list|texts?|messages)\b",
        )
    )
)


def asks_for_silence(body: str, phrases: Iterable[str] = ()) -> bool:
    """Tell whether a text sounds like a wish to hear no more; ``phrases`` are further ways to say so."""
    told = words(body)
    return bool(_WISHES.search(told)) or any(f" {words(phrase)} " in f" {told} " for phrase in phrases)
