"""Which step of a plan starts: by cause, in order, and by what has become of the others."""

import pytest

from messaging_pipeline.fallback.succession import step_to_start, takes, words_for
from messaging_pipeline.messages.plan import LATE, Step, stored_plan
from messaging_pipeline.messages.state_machine import Status

UNREACHABLE, LANDLINE, UNKNOWN_TO_US = 30003, 30006, 39999


def a_plan(*steps: dict) -> tuple[Step, ...]:
    return stored_plan([{"channel": "email", "to": "ada@example.com", **step} for step in steps])


@pytest.mark.parametrize(
    ("status", "error_code", "words"),
    [
        ("undelivered", None, {"undelivered"}),
        ("undelivered", LANDLINE, {"undelivered", "recipient"}),
        ("failed", UNREACHABLE, {"failed", "transient"}),
        ("failed", UNKNOWN_TO_US, {"failed", "transient"}),
        ("expired", None, {"expired"}),
        ("rejected", None, {"rejected"}),
        ("suppressed", 21610, {"suppressed"}),
        ("pending", None, {LATE}),
        ("sent", None, {LATE}),
        ("unconfirmed", None, {LATE}),
        ("delivered", None, set()),
        ("read", None, set()),
        ("canceled", None, set()),
    ],
)
def test_where_a_message_stands_gives_causes(status: str, error_code: int | None, words: set[str]) -> None:
    assert words_for(Status(status), error_code) == words


@pytest.mark.parametrize(
    ("step", "words", "taken"),
    [
        ({}, {"undelivered"}, True),
        ({}, {"rejected"}, True),
        ({}, {LATE}, True),
        ({}, {"suppressed"}, False),
        ({}, set(), False),
        ({"on": ["undelivered"]}, {"undelivered", "recipient"}, True),
        ({"on": ["undelivered"]}, {"failed", "recipient"}, False),
        ({"on": ["recipient"]}, {"failed", "recipient"}, True),
        ({"on": ["undelivered"]}, {LATE}, False),
        ({"on": ["suppressed"]}, {"suppressed"}, True),
        ({"on": ["suppressed"]}, {"failed"}, False),
        ({"not_delivered_within": 60}, {"undelivered"}, False),
        ({"not_delivered_within": 60}, {LATE}, False),
        ({"on": ["failed"], "not_delivered_within": 60}, {"failed"}, True),
    ],
)
def test_a_step_takes_its_own_causes_and_never_an_opt_out_unasked(step: dict, words: set[str], taken: bool) -> None:
    (one,) = a_plan(step)
    assert takes(one, frozenset(words)) is taken


FAILED = frozenset({"failed", "recipient"})


@pytest.mark.parametrize(
    ("states", "number"),
    [
        ({}, 1),
        ({1: "waiting"}, None),
        ({1: "sending"}, None),
        ({1: "sent"}, None),
        ({1: "unconfirmed"}, None),
        ({1: "withdrawn"}, None),
        ({1: "failed"}, 2),
        ({1: "failed", 2: "sent"}, None),
        ({1: "failed", 2: "planned"}, 2),
        ({1: "failed", 2: "failed"}, 3),
        ({1: "failed", 2: "failed", 3: "failed"}, None),
        ({2: "planned"}, 1),
    ],
)
def test_steps_come_one_after_the_other_each_when_the_one_before_has_failed(
    states: dict[int, str], number: int | None
) -> None:
    plan = a_plan({}, {"on": ["failed"], "not_delivered_within": 60}, {})
    assert step_to_start(plan, FAILED, states) == number


def test_a_step_for_another_cause_is_passed_over() -> None:
    plan = a_plan({"on": ["expired"]}, {"on": ["recipient"]}, {})
    assert step_to_start(plan, FAILED, {}) == 2
    assert step_to_start(plan, FAILED, {2: "failed"}) == 3


def test_a_plan_that_was_stored_before_steps_had_causes_reads_as_ever() -> None:
    old = [{"channel": "email", "to": "ada@example.com", "subject": "A message for you", "body": None}]
    assert step_to_start(stored_plan(old), FAILED, {}) == 1
