"""Carriers filter messages, and each channel of fallback takes over once, followed to the other side of the wire."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from messaging_pipeline.ids import MessageId
from messaging_pipeline.messages.phone_numbers import masked
from messaging_pipeline.stack.demo.shop import Shop, shop
from messaging_pipeline.stack.demo.stage import SceneFailed, Stage, somebody

TITLE = "When a message does not arrive"

#: A magic number: its carrier filters what is sent there (30007).
_FILTERED = "+15005551007"

Step = dict[str, Any]


class _Channel(NamedTuple):
    """A plan of one step, and what to tell of it once it was taken."""

    name: str
    plan: Step
    evidence: Callable[[MessageId, Step], str]


def play(stage: Stage, broker_url: str) -> None:
    """Send one message for each channel, and follow each."""
    queue = f"demo-{stage.run}"
    with shop(broker_url, queue) as foreign_worker:
        channels = _channels(stage, queue, foreign_worker)
        sent = [(one, stage.send(_FILTERED, "Your parcel is here.", fallback=[one.plan])) for one in channels]
        stage.say(f"a carrier filters {len(sent)} messages to {masked(_FILTERED)}; their plans take over, one by")
        for channel, message_id in sent:
            step = stage.until(partial(_taken, stage, message_id), f"the step by {channel.name} was not taken")
            stage.say(f"  {channel.name:<7} {channel.evidence(message_id, step)}")


def _channels(stage: Stage, queue: str, foreign_worker: Shop) -> list[_Channel]:
    return [
        _Channel("e-mail", {"channel": "email", "to": "ada@example.com"}, partial(_letter, stage)),
        _Channel("SMS", {"channel": "sms", "to": somebody()}, partial(_second_message, stage)),
        _Channel("push", {"channel": "push", "to": "the-device-of-ada"}, partial(_notification, stage)),
        _Channel("HTTP", {"channel": "http", "to": "oncall"}, partial(_signed_call, stage)),
        _Channel(
            "Celery", {"channel": "celery", "task": "shop.call_back", "queue": queue}, partial(_task, foreign_worker)
        ),
    ]


def _taken(stage: Stage, message_id: MessageId) -> Step | None:
    return next((dict(step) for step in stage.message(message_id)["fallback"] if step["state"] == "sent"), None)


def _letter(stage: Stage, message_id: MessageId, _step: Step) -> str:
    """SendGrid tells twice: at once that it took the letter, and later, signed, what became of it."""
    heard = stage.until(
        lambda: stage.message(message_id)["fallback"][0]["heard"], "SendGrid told nothing of the letter"
    )
    return f"SendGrid takes the letter, and its signed event says {heard}"


def _second_message(stage: Stage, _message_id: MessageId, step: Step) -> str:
    second = stage.ended(MessageId(step["sent_as"]))
    return f"another message, to {masked(second['to'])}, is {second['status']}"


def _notification(stage: Stage, message_id: MessageId, _step: Step) -> str:
    pushes = [one for one in stage.control.pushes() if one["data"].get("message_id") == str(message_id)]
    return f"Firebase takes {len(pushes)} notification for the device"


def _signed_call(stage: Stage, message_id: MessageId, _step: Step) -> str:
    calls = stage.control.signed_calls()
    call = next(one for one in calls if one["document"].get("message_id") == str(message_id))
    return f"the receiver `{call['receiver']}` is called, and finds the signature {_found(call)}"


def _found(call: dict[str, Any]) -> str:
    return "genuine" if call["is_genuine"] else "forged"


def _task(foreign_worker: Shop, message_id: MessageId, _step: Step) -> str:
    task = foreign_worker.task_about(str(message_id))
    if task is None:
        raise SceneFailed("the task did not reach its queue")
    return f"the task `{task}` reaches somebody else's worker"
