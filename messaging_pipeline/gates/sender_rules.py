"""May this kind of sender write to that country, and is it registered there?

Twilio and the carriers refuse or filter what breaks these rules, after it was paid for. The state of a registration
comes from ``[services.NAME.registration]``; what is not written there is warned of and not refused.
"""

from collections.abc import Callable, Mapping

from messaging_pipeline.gates.question import Question
from messaging_pipeline.gates.verdict import Verdict
from messaging_pipeline.ids import E164
from messaging_pipeline.messages.phone_numbers import ruling_country_of
from messaging_pipeline.messages.sender_kinds import Kind, kind_of

_GOVERNED = ("+1", "+44", "+91")
"""The country codes with rules; the country of any other number need not be found out."""

_NO_RULES = Verdict.passes("no rules for senders are known for the recipient's country")


def ask(question: Question) -> Verdict:
    """Ask the rules of the recipient's country."""
    if not question.to.startswith(_GOVERNED):
        return _NO_RULES
    rule = _RULES.get(ruling_country_of(question.to))
    return _NO_RULES if rule is None else rule(question)


def _united_states(question: Question) -> Verdict:
    kind = kind_of(question.sender)
    if kind == "number" and not _is_from(question, "US", "CA"):
        return Verdict.warns("a number from abroad may be filtered by US carriers", _US_REMEDY)
    return _NORTH_AMERICA[kind](question)


def _canada(question: Question) -> Verdict:
    kind = kind_of(question.sender)
    if kind in {"number", "Messaging Service"}:
        return Verdict.passes("numbers need no registration for Canada")
    return _NORTH_AMERICA[kind](question)


def _united_kingdom(question: Question) -> Verdict:
    kind = kind_of(question.sender)
    if kind in {"Messaging Service", "alphanumeric sender"} or _is_from(question, "GB"):
        return Verdict.passes("alphanumeric senders and UK numbers may write to the UK")
    return Verdict.warns(
        f"a {kind} from abroad may be filtered or replaced on its way to the UK",
        "use an alphanumeric sender or a UK number",
    )


def _india(question: Question) -> Verdict:
    if question.registration.dlt:
        return Verdict.passes("the service is registered with DLT")
    return Verdict.refused(
        "messages to India need a sender and templates registered with DLT",
        "register them, then set dlt = true in the service's registration",
    )


def _alphanumeric(_: Question) -> Verdict:
    return Verdict.refused("an alphanumeric sender cannot write to the US or Canada", _US_REMEDY)


def _short_code(_: Question) -> Verdict:
    return Verdict.passes("a short code may write to the US and Canada")


def _toll_free(question: Question) -> Verdict:
    state = question.registration.toll_free
    if state is None:
        return _unknown("toll_free")
    if state == "verified":
        return Verdict.passes("the toll-free number is verified")
    return Verdict.refused(
        f"toll-free numbers must be verified to write to the US or Canada, and this one's state is {state}",
        'have it verified, then set toll_free = "verified" in the service\'s registration',
    )


def _long_code(question: Question) -> Verdict:
    state = question.registration.ten_dlc
    if state is None:
        return _unknown("ten_dlc")
    if state == "approved":
        return Verdict.passes("the number's 10DLC campaign is approved")
    return Verdict.refused(
        f"numbers must belong to an approved 10DLC campaign to write to the US, and this one's state is {state}",
        'register the campaign, then set ten_dlc = "approved" in the service\'s registration',
    )


def _pool(question: Question) -> Verdict:
    """One registered kind of sender is enough: Twilio chooses among those of the pool."""
    states = (question.registration.ten_dlc, question.registration.toll_free)
    if states == (None, None):
        return _unknown("ten_dlc or toll_free")
    if "approved" in states or "verified" in states:
        return Verdict.passes("the Messaging Service has registered senders")
    return Verdict.refused(
        "no sender of the Messaging Service is registered for the US and Canada",
        "register its campaign or verify its toll-free number, then say so in the service's registration",
    )


def _unknown(key: str) -> Verdict:
    return Verdict.warns(
        "messaging.toml does not say whether the sender is registered; unregistered ones are blocked (30032, 30034)",
        f"set {key} in the service's registration",
    )


def _is_from(question: Question, *countries: str) -> bool:
    sender = question.sender or ""
    return sender.startswith("+") and ruling_country_of(E164(sender)) in countries


_US_REMEDY = "use a registered 10DLC number, a verified toll-free number or a short code"

_NORTH_AMERICA: Mapping[Kind, Callable[[Question], Verdict]] = {
    "Messaging Service": _pool,
    "alphanumeric sender": _alphanumeric,
    "short code": _short_code,
    "toll-free number": _toll_free,
    "number": _long_code,
}
_RULES: Mapping[str, Callable[[Question], Verdict]] = {
    "US": _united_states,
    "CA": _canada,
    "GB": _united_kingdom,
    "IN": _india,
}
