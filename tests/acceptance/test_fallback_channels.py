"""Fallback by SMS, HTTP and Celery through real processes."""

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from kombu import Connection

from messaging_pipeline import Pipeline, Settings
from messaging_pipeline.stack.local import LocalStack
from tests.plugins.stacks import DESK_SECRET, LookUp
from tests.support.waiting import eventually
from tests.support.webhook_receiver import PATIENCE_SECONDS, Webhook, WebhookReceiver

LANDLINE = "+15005551004"


def sent_with(stack: LocalStack, *plan: dict[str, Any]) -> str:
    with Pipeline(Settings.from_environment(stack.environment)) as pipeline:
        return str(pipeline.send(to=LANDLINE, body="Your flight is at gate 12.", fallback=plan))


def step_of(look_up: LookUp, message_id: str, state: str) -> dict[str, Any]:
    def ended() -> dict[str, Any] | None:
        steps = (look_up(message_id) or {"fallback": []})["fallback"]
        return next((dict(step) for step in steps if step["state"] == state), None)

    return eventually(ended, f"a step that is {state}")


def the_call(desk: WebhookReceiver, message_id: str) -> Webhook:
    calls: Callable[[], Webhook] = lambda: desk.take()[0]  # noqa: E731
    return next(call for call in iter(calls, None) if message_id in call.content.decode())


def test_a_landlines_message_goes_to_a_mobile_with_a_link_and_is_delivered(stack: LocalStack, look_up: LookUp) -> None:
    message_id = sent_with(stack, {"channel": "sms", "to": "+14155550177", "link": "https://example.com/gate"})
    second = str(step_of(look_up, message_id, "sent")["sent_as"])
    eventually(lambda: (look_up(second) or {}).get("status") == "delivered", "the delivery of the second message")
    assert (look_up(second) or {})["to"] == "+14155550177"


def test_a_signed_call_reaches_its_receiver_once(stack: LocalStack, look_up: LookUp, desk: WebhookReceiver) -> None:
    message_id = sent_with(stack, {"channel": "http", "to": "desk"})
    call = the_call(desk, message_id)
    signed = call.headers["messaging-timestamp"].encode() + b"." + call.content
    proof = hmac.new(DESK_SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert call.headers["messaging-signature"] == f"v1={proof}"
    assert json.loads(call.content)["error_code"] == 30006
    assert step_of(look_up, message_id, "sent")["attempts"] == 1


def test_who_wants_to_hear_of_a_message_is_told_in_order(stack: LocalStack, desk: WebhookReceiver) -> None:
    with Pipeline(Settings.from_environment(stack.environment)) as pipeline:
        message_id = str(pipeline.send(to="+14155550178", body="Your table is ready.", tags={"notify": "desk"}))
    events: list[dict[str, Any]] = []
    while not events or events[-1]["status"] != "delivered":
        call = the_call(desk, message_id)
        events.append(json.loads(call.content))
        assert call.headers["idempotency-key"] == events[-1]["id"]
    # Reports that are applied together have moved the message only once.
    assert [event["status"] for event in events] in (["sent", "delivered"], ["delivered"])


def test_a_task_reaches_somebody_elses_queue(stack: LocalStack, look_up: LookUp) -> None:
    queue = f"shop-{uuid4().hex[:8]}"
    with Connection(Settings.from_environment(stack.environment).broker_url) as broker:
        shop = broker.SimpleQueue(queue)
        message_id = sent_with(stack, {"channel": "celery", "task": "shop.call_back", "queue": queue})
        task = shop.get(timeout=PATIENCE_SECONDS)
        task.ack()
        shop.queue.delete()
    _, arguments, _ = task.payload
    assert (task.headers["task"], UUID(arguments["message_id"])) == ("shop.call_back", UUID(message_id))
    assert step_of(look_up, message_id, "sent")["channel"] == "celery"
