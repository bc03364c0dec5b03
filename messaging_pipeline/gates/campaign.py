"""Does the text fit the campaign that carries it?

US carriers compare what is sent with what was registered, and filter what strays from it (30007): advertising in a
campaign for something else, and links behind public shorteners, which nobody can tell apart from a swindler's.
"""

import re
from collections.abc import Iterator, Mapping

from messaging_pipeline.compliance_policy import INTENT_TAG
from messaging_pipeline.gates.question import Question
from messaging_pipeline.gates.verdict import Verdict
from messaging_pipeline.messages.phone_numbers import country_of

#: Campaigns that were registered for more than one purpose.
_MANY_PURPOSES = frozenset({"MIXED", "LOW_VOLUME", "SOLE_PROPRIETOR"})

_CAMPAIGNS_FOR: Mapping[str, frozenset[str]] = {
    "marketing": _MANY_PURPOSES | {"MARKETING"},
    "otp": _MANY_PURPOSES | {"2FA", "ACCOUNT_NOTIFICATION", "SECURITY_ALERT"},
}
"""Which use cases may carry an intent; of other intents nothing is known."""

_SHORTENER = re.compile(
    r"(?<![\w.-])(?:www\.)?(bit\.ly|tinyurl\.com|goo\.gl|ow\.ly|t\.co|is\.gd|buff\.ly|rebrand\.ly|cutt\.ly|tiny\.cc"
    r"|shorturl\.at|rb\.gy|t\.ly|v\.gd)/\S",
    re.IGNORECASE,
)

_ABROAD = Verdict.passes("only carriers in the US compare texts with campaigns")
_FITS = Verdict.passes("nothing in the text is known to stray from the campaign")


def ask(question: Question) -> Verdict:
    """Warn of what strays from the campaign, or refuse it if the service's registration says so."""
    if not question.to.startswith("+1") or country_of(question.to) != "US":
        return _ABROAD
    for reason, remedy in _strays(question):
        blocks = question.registration.content == "block"
        return Verdict.refused(reason, remedy) if blocks else Verdict.warns(reason, remedy)
    return _FITS


def _strays(question: Question) -> Iterator[tuple[str, str]]:
    use_case, intent = question.registration.use_case, question.tags.get(INTENT_TAG, "")
    if use_case is not None and use_case not in _CAMPAIGNS_FOR.get(intent, {use_case}):
        yield (
            f"a message with the intent {intent} does not fit a campaign for {use_case}",
            "send it by a service whose campaign was registered for it",
        )
    shortener = _SHORTENER.search(question.body or "")
    if shortener is not None:
        yield (
            f"the text has a link of the public shortener {shortener[1].lower()}, which carriers filter",
            "link to a domain of your own",
        )
