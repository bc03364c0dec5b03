"""Nothing is published that nobody consumes, and nothing is open that was not meant to be."""

import ast

import pytest

from messaging_pipeline.queues import QUEUE_OF, Queue, Task
from messaging_pipeline.stack.command_lines import BEAT, DELIVER_WORKER, EVENTS_WORKER
from tests.support.factories import settings
from tests.support.product_source import product_modules
from webhooks.app import create_app

SIGNED_STATUS, SIGNED_INBOUND = "signed by Twilio (status)", "signed by Twilio (inbound)"
SIGNED_VOICE = "signed by Twilio (voice)"
SIGNED_BY_SENDGRID = "signed by SendGrid"
OPEN = "open to everybody"

ROUTES = {
    "/twilio/status": SIGNED_STATUS,
    "/twilio/status/<uuid:message_id>": SIGNED_STATUS,
    "/twilio/t/<tenant>/status": SIGNED_STATUS,
    "/twilio/status/<uuid:message_id>/<int(max=32767):attempt>": SIGNED_STATUS,
    "/twilio/t/<tenant>/status/<uuid:message_id>": SIGNED_STATUS,
    "/twilio/t/<tenant>/status/<uuid:message_id>/<int(max=32767):attempt>": SIGNED_STATUS,
    "/twilio/inbound": SIGNED_INBOUND,
    "/twilio/fallback": SIGNED_INBOUND,
    "/twilio/t/<tenant>/inbound": SIGNED_INBOUND,
    "/twilio/t/<tenant>/fallback": SIGNED_INBOUND,
    "/twilio/voice": SIGNED_VOICE,
    "/twilio/t/<tenant>/voice": SIGNED_VOICE,
    "/sendgrid/events": SIGNED_BY_SENDGRID,
    "/healthz": OPEN,
    "/readyz": OPEN,
}
"""Every route, and who may call it."""


def consumed() -> list[str]:
    return [name for line in (DELIVER_WORKER, EVENTS_WORKER) for name in line[line.index("-Q") + 1].split(",")]


def implemented() -> list[str]:
    """The tasks that ``workers/tasks.py`` gives a body."""
    (tasks,) = [module for module in product_modules() if module.name == "workers.tasks"]
    return [
        ast.unparse(keyword.value).removeprefix("Task.").removesuffix(".value")
        for call in tasks.calls("shared_task")
        for keyword in call.keywords
        if keyword.arg == "name"
    ]


def test_every_queue_is_consumed_by_a_worker_whose_start_line_is_written_down() -> None:
    assert sorted(consumed()) == sorted(Queue)


def test_every_task_has_a_queue_and_every_queue_a_task() -> None:
    assert set(QUEUE_OF) == set(Task)
    assert set(QUEUE_OF.values()) == set(Queue)


def test_every_task_is_implemented_once() -> None:
    assert sorted(implemented()) == sorted(task.name for task in Task)


def test_beat_starts_tasks_and_is_no_worker() -> None:
    assert "beat" in BEAT
    assert "-Q" not in BEAT


def test_every_route_declares_who_may_call_it() -> None:
    app = create_app(settings())
    declared = {
        rule.rule: getattr(app.view_functions[rule.endpoint], "authentication", "undeclared")
        for rule in app.url_map.iter_rules()
    }
    assert declared == ROUTES


@pytest.mark.parametrize("route", [route for route, who in ROUTES.items() if who != OPEN])
def test_a_signed_route_refuses_who_does_not_sign(route: str) -> None:
    app = create_app(settings())
    target = route.replace("<tenant>", "default").replace("<uuid:message_id>", "0191e5c0-0000-7000-8000-000000000001")
    target = target.replace("<int(max=32767):attempt>", "2")
    assert app.test_client().post(target, data={"MessageSid": "SM" + "1" * 32}).status_code == 403
