"""All gates together: each is asked, and the weightiest answer decides."""

import pytest

from messaging_pipeline.gates.order import ask_every_gate, weightiest
from tests.support.asking_gates import a_question, quiet_hours

AT_NIGHT = "2026-11-24T03:00:00+00:00"


def test_every_gate_is_asked_in_order_and_gives_its_reason() -> None:
    answers = ask_every_gate(a_question())
    assert [answer.gate for answer in answers] == [
        "sender",
        "campaign",
        "first_message",
        "consent",
        "number_health",
        "country",
        "spend",
        "quiet_hours",
    ]
    assert all(answer.verdict.reason for answer in answers)


@pytest.mark.parametrize(
    ("changes", "gate", "outcome"),
    [
        ({}, "sender", "warns"),
        ({"sender": "123456"}, "sender", "passes"),
        ({"quiet_hours": quiet_hours()}, "quiet_hours", "waits"),
        ({"quiet_hours": quiet_hours(), "opted_out": True}, "consent", "refused"),
        ({"unknown_number": True}, "number_health", "refused"),
        ({"unknown_number": True, "sender": "Acme"}, "sender", "refused"),
        ({"opted_out": False, "unknown_number": False, "sender": "123456"}, "sender", "passes"),
    ],
)
def test_a_refusal_outweighs_a_wait_and_a_wait_a_warning(changes: dict, gate: str, outcome: str) -> None:
    answer = weightiest(ask_every_gate(a_question(AT_NIGHT, **changes)))
    assert (answer.gate, answer.verdict.outcome) == (gate, outcome)
