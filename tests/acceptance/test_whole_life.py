"""A message's whole life through real processes: producer, workers, simulator, webhooks, fallback."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen
from uuid import uuid4

import pytest
from celery import Celery
from kombu import Exchange, Queue

from messaging_pipeline import InvalidInput, Pipeline, Settings
from messaging_pipeline.simulator.control_client import SimulatorControl
from messaging_pipeline.stack.local import LocalStack
from tests.plugins.stacks import Command, LookUp
from tests.support.waiting import eventually

UNREACHABLE = "+15005551002"
OPTED_OUT = "+15005551006"


def wait_for(look_up: LookUp, message_id: str, status: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        message = look_up(message_id)
        return message if message and message["status"] == status else None

    return eventually(look, f"message {message_id} {status}", instead=lambda: look_up(message_id))


HandOver = Callable[..., str]


@pytest.fixture
def hand_over(stack: LocalStack) -> HandOver:
    """Hand a task over from an application that has nothing of ours but the broker's address; return its id."""
    broker_url = Settings.from_environment(stack.environment).broker_url
    producer = Celery("somebody-elses-application", broker=broker_url)
    queue: object = "accept"
    if broker_url.startswith("amqp"):  # as docs/operations.md#rabbitmq says
        producer.conf.broker_transport_options = {"confirm_publish": True}
        queue = Queue("accept", Exchange(""), routing_key="accept", queue_arguments={"x-queue-type": "quorum"})
    return lambda name, **arguments: str(producer.send_task(name, kwargs=arguments, queue=queue).id)


def test_a_message_sent_from_plain_celery_is_delivered_under_the_tasks_own_id(
    hand_over: HandOver, look_up: LookUp
) -> None:
    task_id = hand_over("messaging.send", to="+14155550101", body="Hello 🎉")
    message = wait_for(look_up, task_id, "delivered")
    assert (message["encoding"], message["segments"], message["to"]) == ("UCS-2", 1, "+14155550101")
    assert [event["status"] for event in message["events"] if event["moved"]][-1] == "delivered"
    assert [attempt["outcome"] for attempt in message["attempts"]] == ["accepted"]
    assert message["sid"] == message["attempts"][0]["sid"]


def test_a_message_with_a_given_id_and_media_is_delivered(hand_over: HandOver, look_up: LookUp) -> None:
    message_id = str(uuid4())
    media_urls = ["https://example.com/a.jpg"]
    hand_over("messaging.send", to="+14155550102", media_urls=media_urls, message_id=message_id)
    assert wait_for(look_up, message_id, "delivered")["sid"].startswith("MM")


def test_a_bad_send_by_celery_becomes_a_rejected_record(hand_over: HandOver, look_up: LookUp) -> None:
    message = wait_for(look_up, hand_over("messaging.send", to="12345", body="x"), "rejected")
    assert message["reason"].startswith("to: ")


def test_a_message_from_python_that_fails_falls_back_to_one_e_mail(stack: LocalStack, look_up: LookUp) -> None:
    address = f"ada.{uuid4().hex[:8]}@example.com"
    with Pipeline(Settings.from_environment(stack.environment)) as pipeline:
        message_id = pipeline.send(
            to=UNREACHABLE, body="Your flight is at gate 12.", fallback=[{"channel": "email", "to": address}]
        )
    message = wait_for(look_up, str(message_id), "undelivered")
    assert message["error_code"] == 30003

    def letters() -> list[dict[str, Any]]:
        assert stack.simulator is not None
        with urlopen(f"{stack.simulator.url}/simulator/mailbox") as answer:
            return [mail for mail in json.load(answer) if address in str(mail["to"])]

    (letter,) = eventually(letters, "the e-mail")
    assert "gate 12" in letter["text"]
    eventually(lambda: (look_up(str(message_id)) or {})["fallback"][0]["state"] == "sent", "the step's end")
    assert len(letters()) == 1


def test_an_opt_out_is_suppressed_and_starts_no_fallback(command: Command, look_up: LookUp) -> None:
    answer = command("send", OPTED_OUT, "Hello", "--fallback-email", "nobody@example.com", "--json")
    message = wait_for(look_up, json.loads(answer.stdout)["id"], "suppressed")
    assert (message["error_code"], message["fallback"]) == (21610, [])


def test_the_shell_sends_shows_and_lists(command: Command, look_up: LookUp) -> None:
    message_id = command("send", "+14155550103", "hi").stdout.strip()
    wait_for(look_up, message_id, "delivered")
    timeline = command("messages", "show", message_id).stdout
    assert "delivered (callback)" in timeline
    assert "+14155550103" not in timeline
    as_json = json.loads(command("messages", "show", message_id, "--json").stdout)
    assert {"id", "tenant", "service", "to", "status", "sid", "error_code", "segments", "encoding", "created_at"} < set(
        as_json
    )
    assert {"number", "started_at", "outcome"} < set(as_json["attempts"][0])
    assert {"status", "at", "source"} < set(as_json["events"][0])
    listed = json.loads(command("messages", "list", "--to", "+14155550103", "--json").stdout)
    assert [one["id"] for one in listed] == [message_id]


def test_the_doctor_finds_a_running_stack_reachable_and_its_webhooks_well(command: Command) -> None:
    found = json.loads(command("doctor", "--json").stdout)
    assert [one for one in found if one["state"] == "unreachable"] == []
    assert {one["state"] for one in found if one["check"] == "webhooks"} == {"ok"}
    assert [one["told"] for one in found if one["about"] == "schema"] == ["every migration is applied"]


def test_a_file_handed_in_twice_sends_nothing_twice(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "recipients.csv"
    file.write_text("to,body\n+14155550104,one\n+1415,two\n+14155550105,three\n")
    first = command("send-bulk", str(file), "--json")
    again = command("send-bulk", str(file), "--json")
    assert (first.returncode, again.returncode) == (1, 1)
    one, two = json.loads(first.stdout), json.loads(again.stdout)
    assert one["accepted"] == two["accepted"]
    assert [refusal["line"] for refusal in one["refused"]] == [3]
    assert (len(one["accepted"]), one["new"], one["accepted_before"]) == (2, 2, 0)
    assert (len(two["accepted"]), two["new"], two["accepted_before"]) == (2, 0, 2)


def test_a_repeat_from_the_shell_returns_the_first_id_and_a_clash_is_refused(command: Command) -> None:
    key = uuid4().hex
    first = command("send", "+14155550106", "hi", "--idempotency-key", key)
    again = command("send", "+14155550106", "hi", "--idempotency-key", key)
    clash = command("send", "+14155550106", "bye", "--idempotency-key", key)
    assert first.stdout == again.stdout
    assert clash.returncode == 1
    assert "idempotency_key" in clash.stderr


@pytest.mark.parametrize(
    ("arguments", "exit_code", "field"),
    [
        (("send", "+1415", "hi"), 1, "to"),
        (("send", "+14155550107"), 1, "body"),
        (("send", "+14155550107", "x" * 1601), 1, "body"),
        (("send", "+14155550107", "hi", "--service", "nobody"), 1, "service"),
        (("send", "+14155550107", "hi", "--colour", "red"), 2, "--colour"),
        (("send", "+14155550107", "hi", "--priority", "urgent"), 2, "--priority"),
        (("send", "+14155550107", *(f"--media-url=https://example.com/{n}" for n in range(11))), 1, "media_urls"),
        (("messages", "show", "nonsense"), 2, "UUID"),
        (("messages", "show", str(uuid4())), 1, "there is no message"),
    ],
)
def test_bad_input_at_the_shell_names_its_field(
    command: Command, arguments: tuple[str, ...], exit_code: int, field: str
) -> None:
    answer = command(*arguments)
    assert (answer.returncode, answer.stdout) == (exit_code, "")
    assert field in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_database_that_is_away_is_exit_code_3_and_names_the_setting(command: Command) -> None:
    answer = command("send", "+14155550107", "hi", DATABASE_URL="postgresql://127.0.0.1:9/nowhere")
    assert answer.returncode == 3
    assert "DATABASE_URL" in answer.stderr


def test_a_broker_that_is_away_does_not_stop_a_send(stack: LocalStack, look_up: LookUp) -> None:
    scheme = urlsplit(Settings.from_environment(stack.environment).broker_url).scheme
    away = {"CELERY_BROKER_URL": f"{scheme}://127.0.0.1:9/0", "REDIS_URL": "redis://127.0.0.1:9/0"}
    with Pipeline(Settings.from_environment({**stack.environment, **away})) as pipeline:
        message_id = pipeline.send(to="+14155550108", body="The sweep will find me.")
    wait_for(look_up, str(message_id), "delivered")


def test_a_paused_service_waits_and_goes_on_when_it_is_resumed(
    stack: LocalStack, command: Command, look_up: LookUp
) -> None:
    assert command("services", "pause", "slow").returncode == 0
    with Pipeline(Settings.from_environment(stack.environment)) as pipeline:
        for number in (110, 111):  # by the time that these are delivered, every worker has read the board anew
            wait_for(look_up, str(pipeline.send(to=f"+14155550{number}", body="Meanwhile.")), "delivered")
        waiting = pipeline.send(to="+14155550112", body="I wait.", service="slow")
        wait_for(look_up, str(pipeline.send(to="+14155550113", body="I do not.")), "delivered")
        assert pipeline.show(waiting)["status"] == "pending"
    listed = {one["service"]: one for one in json.loads(command("services", "list", "--json").stdout)}
    assert (listed["slow"]["state"], listed["default"]["state"]) == ("paused", "on")
    assert command("services", "resume", "slow").returncode == 0
    wait_for(look_up, str(waiting), "delivered")


def test_the_parts_of_a_conversation_leave_in_order(hand_over: HandOver, look_up: LookUp, stack: LocalStack) -> None:
    to = "+14155550114"
    parts = [{"to": to, "body": f"part {number}", "message_id": str(uuid4())} for number in range(5)]
    hand_over("messaging.send_many", messages=parts, sequence=uuid4().hex)
    for part in parts:
        wait_for(look_up, part["message_id"], "delivered")
    assert stack.simulator is not None
    with SimulatorControl(stack.simulator.url) as control:
        assert [one["body"] for one in control.messages(to)["messages"]] == [part["body"] for part in parts]


def test_a_wrong_configuration_file_stops_at_once_and_names_the_key(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "messaging.toml"
    file.write_text("[services.default]\nsegments_per_minute = 5\n")
    answer = command("services", "list", MESSAGING_CONFIG=str(file))
    assert answer.returncode == 2
    assert "services.default.segments_per_minute" in answer.stderr


def test_bad_input_by_python_writes_nothing(stack: LocalStack, command: Command) -> None:
    number = "+14155550109"
    with Pipeline(Settings.from_environment(stack.environment)) as pipeline, pytest.raises(InvalidInput):
        pipeline.send(to=number, body="")
    assert json.loads(command("messages", "list", "--to", number, "--json").stdout) == []
