"""Does the text fit the campaign that carries it?

US carriers compare what is sent with what was registered, and filter what strays from it (30007): advertising in a
campaign for something else, links that were not announced, texts like none of the samples, and links behind public
shorteners, which nobody can tell apart from a swindler's.
"""

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files

from messaging_pipeline.gates.question import Question
from messaging_pipeline.gates.verdict import Verdict
from messaging_pipeline.messages.likeness import likeness
from messaging_pipeline.messages.links import Link, is_within, links_in
from messaging_pipeline.messages.phone_numbers import ruling_country_of
from messaging_pipeline.policies.compliance import INTENT_TAG, Registration

#: Campaigns that were registered for more than one purpose.
_MANY_PURPOSES = frozenset({"MIXED", "LOW_VOLUME", "SOLE_PROPRIETOR"})

_CAMPAIGNS_FOR: Mapping[str, frozenset[str]] = {
    "marketing": _MANY_PURPOSES | {"MARKETING"},
    "otp": _MANY_PURPOSES | {"2FA", "ACCOUNT_NOTIFICATION", "SECURITY_ALERT"},
}
"""Which use cases may carry an intent; of other intents nothing is known."""

KNOWN_INTENTS = frozenset(_CAMPAIGNS_FOR)

_NEEDS_A_USE_CASE = frozenset({"marketing"})

_SHORTENERS: frozenset[str] = frozenset(
    json.loads(files("messaging_pipeline.gates").joinpath("public_shorteners.json").read_text("utf-8"))
)

_ABROAD = Verdict.passes("only carriers in the US compare texts with campaigns")
_FITS = Verdict.passes("nothing in the text is known to stray from the campaign")


def ask(question: Question) -> Verdict:
    """Refuse a public shortener; warn of what else strays from the campaign, or refuse it if the registration says so.

    Of several findings the first refusal counts; without one, the warnings are told together.
    """
    if not question.to.startswith("+1") or ruling_country_of(question.to) != "US":
        return _ABROAD
    found = list(_findings(question, question.registration))
    for verdict in found:
        if verdict.outcome == "refused":
            return verdict
    return _together(found) if found else _FITS


def _findings(question: Question, registration: Registration) -> Iterator[Verdict]:
    yield from _purpose(registration, question.tags.get(INTENT_TAG, ""))
    if question.body is not None:
        yield from _shorteners(registration, question.body)
        yield from _links(registration, question.body)
        yield from _drift(registration, question.body)


def _purpose(registration: Registration, intent: str) -> Iterator[Verdict]:
    fitting = _CAMPAIGNS_FOR.get(intent)
    if fitting is None or registration.use_case in fitting:
        return
    if registration.use_case is not None:
        reason = f"a message with the intent {intent} does not fit a campaign for {registration.use_case}"
        yield _says(registration.content, reason, "send it by a service whose campaign was registered for it")
    elif intent in _NEEDS_A_USE_CASE:
        yield Verdict.warns(
            f"messaging.toml does not say what the campaign was registered for, and {intent} needs one that was for it",
            "set use_case in the service's registration",
        )


def _shorteners(registration: Registration, body: str) -> Iterator[Verdict]:
    """A domain that the registration names is one's own."""
    for link in links_in(body):
        if link.has_path and link.host in _SHORTENERS and not _is_named(registration, link):
            yield Verdict.refused(
                f"the text has a link of the public shortener {link.host}, which carriers filter",
                "link to a domain of your own",
            )


def _links(registration: Registration, body: str) -> Iterator[Verdict]:
    if registration.links is None or registration.links is True:
        return
    if all(_is_named(registration, link) for link in links_in(body)):
        return
    if registration.links is False:
        yield _says(registration.content, "the text has a link, and the campaign was registered without", _LINKS)
    else:
        yield _says(registration.content, "the text has a link to a domain that the campaign does not name", _LINKS)


def _is_named(registration: Registration, link: Link) -> bool:
    domains = registration.links if isinstance(registration.links, tuple) else ()
    return any(is_within(link.host, domain) for domain in domains)


def _drift(registration: Registration, body: str) -> Iterator[Verdict]:
    if not registration.samples:
        return
    shares = [likeness(sample, body) for sample in registration.samples]
    nearest = max(shares)
    if nearest < registration.least_likeness:
        yield _says(
            registration.on_drift,
            f"the text is like none of the campaign's samples: {nearest:.0%} of the words are those of the nearest, "
            f"sample {shares.index(nearest) + 1}, and {registration.least_likeness:.0%} are asked for",
            "register a sample like it and add it to samples, or send it by another campaign",
        )


def _says(policy: str, reason: str, remedy: str) -> Verdict:
    return Verdict.refused(reason, remedy) if policy == "block" else Verdict.warns(reason, remedy)


def _together(found: list[Verdict]) -> Verdict:
    return Verdict.warns("; ".join(one.reason for one in found), "; ".join(one.remedy for one in found))


_LINKS = "leave it out, or register it and name its domain in links"
