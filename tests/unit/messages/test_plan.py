"""Fallback plans as producers write them: what is taken, and what is wrong with the rest, named by its place."""

from datetime import UTC, datetime

import pytest

from messaging_pipeline.accept.request import parse_send_request
from messaging_pipeline.errors import InvalidInput
from messaging_pipeline.messages.plan import Step, stored_plan
from tests.support.factories import a_send

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
EMAIL = {"channel": "email", "to": "ada@example.com"}
SMS = {"channel": "sms"}
CALL = {"channel": "http", "to": "desk"}
TASK = {"channel": "celery", "task": "shop.call_back", "queue": "shop"}
PUSH = {"channel": "push", "to": "a-device:APA91b"}


def parsed(*plan: object) -> tuple[Step, ...] | None:
    return parse_send_request(a_send(fallback=list(plan)), NOW).fallback


def test_no_plan_and_an_empty_one_are_told_apart() -> None:
    assert parse_send_request(a_send(), NOW).fallback is None
    assert parsed() == ()


@pytest.mark.parametrize(
    "step", [EMAIL, SMS, CALL, TASK, PUSH, {"channel": "push", "topic": "oncall", "data": {"screen": "orders"}}]
)
@pytest.mark.parametrize("when", [{}, {"on": ["undelivered", "recipient"]}, {"not_delivered_within": 600}])
def test_a_step_is_read_back_as_it_was_stored(step: dict, when: dict) -> None:
    plan = parsed({**step, **when})
    assert plan is not None
    assert stored_plan([one.as_json() for one in plan]) == plan


def test_a_number_is_kept_in_its_international_form() -> None:
    plan = parsed({**SMS, "to": "+1 (415) 555-0100"})
    assert plan is not None
    assert plan[0].to == "+14155550100"


@pytest.mark.parametrize(
    ("step", "field"),
    [
        ({"channel": "pigeon"}, "fallback.0.channel"),
        ({"to": "ada@example.com"}, "fallback.0.channel"),
        ({**EMAIL, "to": "nobody"}, "fallback.0.to"),
        ({**EMAIL, "on": []}, "fallback.0.on"),
        ({**EMAIL, "on": ["delivered"]}, "fallback.0.on.0"),
        ({**EMAIL, "on": ["opted_out"]}, "fallback.0.on.0"),
        ({**EMAIL, "not_delivered_within": 0}, "fallback.0.not_delivered_within"),
        ({**EMAIL, "not_delivered_within": 8 * 86_400}, "fallback.0.not_delivered_within"),
        ({**EMAIL, "repeatable": True}, "fallback.0.repeatable"),
        ({**SMS, "to": "0123"}, "fallback.0.to"),
        ({**SMS, "link": "ftp://example.com"}, "fallback.0.link"),
        ({**SMS, "body": "x" * 1601}, "fallback.0.body"),
        ({**CALL, "url": "https://example.com"}, "fallback.0.url"),
        ({**TASK, "task": "messaging.send"}, "fallback.0.task"),
        ({**TASK, "task": "two words"}, "fallback.0.task"),
        ({**TASK, "queue": "deliver"}, "fallback.0.queue"),
        ({"channel": "push"}, "fallback.0"),
        ({**PUSH, "topic": "oncall"}, "fallback.0"),
        ({**PUSH, "to": "two words"}, "fallback.0.to"),
        ({"channel": "push", "topic": "/topics/oncall"}, "fallback.0.topic"),
        ({**PUSH, "title": ""}, "fallback.0.title"),
        ({**PUSH, "data": {"step": "1"}}, "fallback.0.data.step.[key]"),
        ({**PUSH, "data": {"google.x": "1"}}, "fallback.0.data.google.x.[key]"),
        ({**PUSH, "data": {"screen": 1}}, "fallback.0.data.screen"),
        ({**TASK, "queue": None}, "fallback.0.queue"),
    ],
)
def test_what_is_wrong_with_a_step_is_named_by_its_place(step: dict, field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parsed(step)
    assert refusal.value.field == field


def test_five_steps_are_enough() -> None:
    assert len(parsed(*[SMS] * 5) or ()) == 5
    with pytest.raises(InvalidInput) as refusal:
        parsed(*[SMS] * 6)
    assert refusal.value.field == "fallback"


def test_an_error_does_not_repeat_a_number() -> None:
    with pytest.raises(InvalidInput) as refusal:
        parsed({**SMS, "to": "+1998877"})
    assert "998877" not in str(refusal.value)
