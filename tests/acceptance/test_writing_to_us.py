"""People write to us, through real processes: Twilio's webhook, the broker, a worker, and what is sent afterwards."""

import json
from itertools import count
from typing import Any

from messaging_pipeline import Pipeline, Settings
from messaging_pipeline.simulator.control_client import SimulatorControl
from messaging_pipeline.stack.local import LocalStack
from tests.plugins.stacks import Command, LookUp
from tests.support.waiting import eventually

SERVICE = "MG00000000000000000000000000000001"
_people = count(300)


def somebody() -> str:
    return f"+14155550{next(_people)}"


def say(stack: LocalStack, person: str, body: str, posts: int = 1) -> list[str]:
    """Write to the service's number; return the texts with which our webhook answered."""
    assert stack.simulator is not None
    with SimulatorControl(stack.simulator.url) as control:
        replies = control.receive_text(person, SERVICE, body, posts=posts)["replies"]
        return [one["body"] for one in control.messages(person)["messages"] if one["sid"] in replies]


def test_a_question_is_answered_at_once_and_the_record_says_so(stack: LocalStack, command: Command) -> None:
    person = somebody()
    assert say(stack, person, " hours? ") == ["We open at nine & close at six."]

    def records() -> list[dict[str, Any]]:
        return list(json.loads(command("inbound", "list", "--from", person, "--json").stdout))

    (record,) = eventually(records, "the record")
    assert (record["keyword"], record["word"], record["answered"]) == ("custom", "hours", True)


def test_a_keyword_with_an_argument_is_answered_by_the_code_of_the_page(stack: LocalStack, command: Command) -> None:
    person = somebody()
    assert say(stack, person, "Status: 4711.") == []
    assert stack.simulator is not None
    with SimulatorControl(stack.simulator.url) as control:
        eventually(
            lambda: "Order 4711 is on its way." in [one["body"] for one in control.messages(person)["messages"]],
            "the reply",
        )

    def handled() -> bool:
        (record,) = json.loads(command("inbound", "list", "--from", person, "--json").stdout)
        return bool(record["handler"] == "answered")

    eventually(handled, "the record")


def test_who_writes_stop_is_not_written_to_until_start(stack: LocalStack, command: Command, look_up: LookUp) -> None:
    person = somebody()

    def opted_out() -> bool:
        return bool(json.loads(command("consent", "history", person, "--json").stdout)["opted_out"])

    def wait_for(message_id: str, status: str) -> None:
        eventually(lambda: (look_up(message_id) or {}).get("status") == status, status)

    assert say(stack, person, "Stop.", posts=2) == []
    eventually(opted_out, "the opt-out")
    with Pipeline(Settings.from_environment(stack.environment)) as pipeline:
        silenced = str(pipeline.send(to=person, body="Your table is ready."))
        wait_for(silenced, "suppressed")
        assert (look_up(silenced) or {})["attempts"] == []
        say(stack, person, "START")
        eventually(lambda: not opted_out(), "the grant")
        wait_for(str(pipeline.send(to=person, body="Your table is ready.")), "delivered")
    history = json.loads(command("consent", "history", person, "--json").stdout)
    assert [(one["change"], one["source"]) for one in history["events"]] == [
        ("withdrawn", "inbound"),
        ("granted", "inbound"),
    ]
