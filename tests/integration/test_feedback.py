"""Feedback: what we tell Twilio about a message's effect, and when it takes that."""

import pytest

from messaging_pipeline.errors import InvalidInput, NotAllowed, NotFound, NotReachable
from messaging_pipeline.ids import MessageId, new_message_id
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.simulators import QUICK_SERVICE, RuntimeMaker
from tests.support.commands import run_command
from tests.support.delivering import drain, show
from tests.support.factories import a_send

ANNOUNCED = QUICK_SERVICE + "provide_feedback = true\n"


def sent(runtime: WorkerRuntime) -> MessageId:
    message_id = runtime.base.accepting.accept(a_send())
    drain(runtime)
    return message_id


@pytest.mark.parametrize("outcome", ["confirmed", "unconfirmed"])
def test_feedback_reaches_twilio_and_the_messages_history(make_runtime: RuntimeMaker, outcome: str) -> None:
    runtime = make_runtime(ANNOUNCED)
    message_id = sent(runtime)
    runtime.base.feedback.give(message_id, "default", outcome)  # type: ignore[arg-type]
    shown = show(runtime, message_id)
    last = shown["events"][-1]
    assert (last["source"], last["detail"], last["moved"]) == ("operator", f"feedback to Twilio: {outcome}", False)
    assert shown["status"] == "accepted"


def test_twilio_takes_no_feedback_that_was_not_announced(sending: WorkerRuntime) -> None:
    message_id = sent(sending)
    with pytest.raises(NotAllowed, match="provide_feedback"):
        sending.base.feedback.give(message_id, "default", "confirmed")
    assert [one["source"] for one in show(sending, message_id)["events"]] == ["accept", "deliver", "deliver"]


def test_a_message_that_is_not_at_twilio_has_no_feedback(sending: WorkerRuntime) -> None:
    message_id = sending.base.accepting.accept(a_send())
    with pytest.raises(NotAllowed, match="not known to be at Twilio"):
        sending.base.feedback.give(message_id, "default", "confirmed")


def test_another_tenants_message_does_not_exist(make_runtime: RuntimeMaker) -> None:
    runtime = make_runtime(ANNOUNCED)
    message_id = sent(runtime)
    for tenant, one in (("acme", message_id), ("default", new_message_id())):
        with pytest.raises(NotFound):
            runtime.base.feedback.give(one, tenant, "confirmed")


def test_another_word_is_refused(sending: WorkerRuntime) -> None:
    with pytest.raises(InvalidInput) as refusal:
        sending.base.feedback.give(new_message_id(), "default", "perhaps")  # type: ignore[arg-type]
    assert refusal.value.field == "outcome"


def test_a_twilio_that_does_not_answer_is_no_refusal(make_runtime: RuntimeMaker) -> None:
    message_id = sent(make_runtime(ANNOUNCED))
    away = make_runtime(ANNOUNCED, TWILIO_API_BASE_URL="http://127.0.0.1:9")
    with pytest.raises(NotReachable):
        away.base.feedback.give(message_id, "default", "confirmed")


def test_the_command_says_what_was_reported_or_why_not(make_runtime: RuntimeMaker, simulator: Simulator) -> None:
    runtime = make_runtime(ANNOUNCED)
    message_id = sent(runtime)
    environment = dict(runtime.base.settings.environment)
    done = run_command(environment, "messages", "feedback", str(message_id), "confirmed", "--json")
    assert (done.code, done.json) == (0, {"id": str(message_id), "feedback": "confirmed"})
    assert run_command(environment, "messages", "feedback", str(message_id), "perhaps").code == 2
    assert run_command(environment, "messages", "feedback", str(new_message_id()), "confirmed").code == 1
