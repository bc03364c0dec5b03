"""All gates, in the order in which they are asked, and what they say together."""

from collections.abc import Callable, Mapping, Sequence

from messaging_pipeline.gates import (
    campaign,
    consent,
    country,
    first_message,
    number_health,
    quiet_hours,
    sender_rules,
    spend,
)
from messaging_pipeline.gates.question import Question
from messaging_pipeline.gates.verdict import Answer, Outcome, Verdict

Ask = Callable[[Question], Verdict]

GATES: tuple[tuple[str, Ask], ...] = (
    ("sender", sender_rules.ask),
    ("campaign", campaign.ask),
    ("first_message", first_message.ask),
    ("consent", consent.ask),
    ("number_health", number_health.ask),
    ("country", country.ask),
    ("spend", spend.ask),
    ("quiet_hours", quiet_hours.ask),
)
"""By the names that refusals and ``explain`` use."""

NOTED: frozenset[str] = frozenset({"campaign", "first_message"})
"""The gates whose warnings are about a message's own text: its history says so."""

ASKED_AGAIN: tuple[tuple[str, Ask], ...] = (
    ("quiet_hours", quiet_hours.ask),
    ("country", country.ask),
    ("spend", spend.ask),
)
"""Those whose answer the time may have changed; the first one tells until when a message may leave."""

_WEIGHTS: Mapping[Outcome, int] = {"passes": 0, "warns": 1, "waits": 2, "refused": 3}


def ask_every_gate(question: Question) -> list[Answer]:
    """Ask all of them, whatever the others say."""
    return [Answer(name, ask(question)) for name, ask in GATES]


def ask_again(question: Question) -> Answer:
    """Ask those whose answer may be another one by now; return the answer that decides."""
    return weightiest([Answer(name, ask(question)) for name, ask in ASKED_AGAIN])


def weightiest(answers: Sequence[Answer]) -> Answer:
    """Return the answer that decides: a refusal before a wait, a wait before a warning; of equal ones the first."""
    return max(answers, key=lambda one: _WEIGHTS[one.verdict.outcome])
