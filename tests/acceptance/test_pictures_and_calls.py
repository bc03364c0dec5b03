"""A picture that cannot arrive, and a call that nobody took, through real processes: both become a text."""

from typing import Any

from messaging_pipeline import Pipeline, Settings
from messaging_pipeline.simulator.control_client import SimulatorControl
from messaging_pipeline.stack.local import LocalStack
from tests.plugins.stacks import LookUp
from tests.support.waiting import eventually

SERVICE = "MG00000000000000000000000000000001"
NO_MMS = "+15005551016"
CALLER = "+14155550390"


def texts_to(stack: LocalStack, number: str, part: str) -> list[dict[str, Any]]:
    """The delivered texts that hold these words."""
    assert stack.simulator is not None
    with SimulatorControl(stack.simulator.url) as control:
        found = control.messages(number)["messages"]
    return [one for one in found if part in one["body"] and one["status"] == "delivered"]


def test_a_picture_where_there_is_no_mms_is_followed_by_one_text_with_its_link(
    stack: LocalStack, look_up: LookUp
) -> None:
    with Pipeline(Settings.from_environment(stack.environment)) as pipeline:
        message_id = pipeline.send(to=NO_MMS, body="Our menu", media_urls=["https://example.com/menu.jpg"])
    (text,) = eventually(lambda: texts_to(stack, NO_MMS, "Our menu"), "the text with the link")
    assert text["body"] == "Our menu\nhttps://example.com/menu.jpg"
    shown = look_up(str(message_id)) or {}
    assert (shown["status"], shown["error_code"]) == ("undelivered", 30011)
    assert shown["events"][-1]["detail"].startswith("an SMS with the links follows: message ")


def test_a_missed_call_is_answered_by_one_text_however_often_it_is_told(stack: LocalStack) -> None:
    assert stack.simulator is not None
    with SimulatorControl(stack.simulator.url) as control:
        assert control.miss_call(CALLER, SERVICE, posts=3)["webhooks"] == ["200", "200", "200"]
    eventually(lambda: texts_to(stack, CALLER, "Sorry that we missed your call."), "the text")
    assert len(texts_to(stack, CALLER, "")) == 1
