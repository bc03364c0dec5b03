"""Has the recipient been told how to opt out?

The first message that a service sends to somebody must say it, and so must every later one until one that said it has
left. Whether one has is looked up where a message is written down, in the same transaction.
"""

import re

from messaging_pipeline.gates.question import Question
from messaging_pipeline.gates.verdict import Verdict
from messaging_pipeline.messages.content import MAX_BODY_CHARACTERS
from messaging_pipeline.messages.wording import words
from messaging_pipeline.policies.compliance import INTENT_TAG, FirstMessage

#: In capitals, as they are written where somebody is told; "do not stop here" tells nobody.
_TELLING = re.compile(r"\b(STOP|STOPALL|UNSUBSCRIBE|OPTOUT)\b")

_NOT_ASKED = Verdict.passes("the service has no opt-out text for first messages")
_NOT_LOOKED_UP = Verdict.passes("looked up when the message is written down")
_TOLD = Verdict.passes("the recipient has been told how to opt out")
_TELLS = Verdict.passes("the text says how to opt out")
_APPENDED = Verdict.passes("the recipient has not been told how to opt out yet; the opt-out text is appended")
_NO_ROOM = Verdict.refused(
    "the recipient has not been told how to opt out yet, and the text is too long for the opt-out text to follow it",
    "shorten it",
)
_MISSING = "the recipient has not been told how to opt out yet, and the text does not say it"
_SAY_IT = 'say it in the text, or let it be appended: when_missing = "append"'


def ask(question: Question) -> Verdict:
    """Warn of a first message without the opt-out text, or refuse it; where it is appended, only want of room does."""
    policy = question.first_message
    if policy is None:
        return _NOT_ASKED
    intent = question.tags.get(INTENT_TAG)
    if intent in policy.exempt_intents:
        return Verdict.passes(f"messages with the intent {intent} need not say how to opt out")
    if question.introduced is None:
        return _NOT_LOOKED_UP
    if question.introduced:
        return _TOLD
    return _TELLS if tells(policy, question.body) else _untold(policy, question.body or "")


def tells(policy: FirstMessage, body: str | None) -> bool:
    """Tell whether a text says how to opt out: in the policy's own words, or by a stop word in capitals."""
    text = body or ""
    return _TELLING.search(text) is not None or words(policy.opt_out_text) in words(text)


def with_opt_out_text(policy: FirstMessage, body: str | None) -> str:
    """Return the text with the opt-out text on a line below it."""
    return f"{body}\n{policy.opt_out_text}" if body else policy.opt_out_text


def _untold(policy: FirstMessage, body: str) -> Verdict:
    if policy.when_missing == "warn":
        return Verdict.warns(_MISSING, _SAY_IT)
    if policy.when_missing == "block":
        return Verdict.refused(_MISSING, _SAY_IT)
    return _APPENDED if len(with_opt_out_text(policy, body)) <= MAX_BODY_CHARACTERS else _NO_ROOM
