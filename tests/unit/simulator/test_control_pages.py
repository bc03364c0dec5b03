"""The pages on which the simulator shows what has happened."""

import pytest
import urllib3
from twilio.base.exceptions import TwilioRestException

from messaging_pipeline.simulator.configuration import Faults
from tests.support.simulated_twilio import OWN_NUMBER, RECIPIENT, SERVICE, SimulatedTwilio, Start, real_client
from tests.support.webhook_receiver import WebhookReceiver


def test_the_ledger_has_every_create_that_arrived_refused_ones_too(
    twilio: SimulatedTwilio, receiver: WebhookReceiver
) -> None:
    created = twilio.send(body="x" * 200, status_callback=receiver.url("/status/1"))
    with pytest.raises(TwilioRestException):
        twilio.send(body="x" * 1601)
    receiver.take(3)

    accepted, refused = twilio.control.ledger()["creates"]

    assert accepted["received_at"] <= refused["received_at"]
    assert {name: accepted[name] for name in ("to", "service_sid", "status_callback", "segments", "sid")} == {
        "to": RECIPIENT,
        "service_sid": SERVICE,
        "status_callback": receiver.url("/status/1"),
        "segments": 2,
        "sid": created.sid,
    }
    assert (accepted["created"], accepted["http_status"], accepted["answer"]) == (True, 201, "given")
    assert (refused["created"], refused["http_status"], refused["error_code"]) == (False, 400, 21617)


def test_the_ledger_has_creates_with_wrong_credentials(twilio: SimulatedTwilio) -> None:
    stranger = real_client(twilio.url, token="wrong")
    with pytest.raises(TwilioRestException):
        stranger.messages.create(to=RECIPIENT, messaging_service_sid=SERVICE, body="Hello")
    stranger.http_client.session.close()

    [create] = twilio.control.ledger()["creates"]
    assert (create["created"], create["http_status"], create["error_code"]) == (False, 401, 20003)


def test_a_messages_history_has_its_transitions_and_callback_attempts(
    twilio: SimulatedTwilio, receiver: WebhookReceiver
) -> None:
    twilio.send(to="+15005551002", body="Hello", status_callback=receiver.url())
    receiver.take(3)
    twilio.send(status_callback=receiver.url())
    receiver.take(3)

    [message] = twilio.control.messages("+15005551002")["messages"]

    statuses = [step["status"] for step in message["transitions"]]
    times = [step["at"] for step in message["transitions"]]
    assert statuses == ["accepted", "queued", "sending", "sent", "undelivered"]
    assert times == sorted(times)
    assert message["transitions"][-1]["error_code"] == 30003
    assert [(one["status"], one["outcome"]) for one in message["callback_attempts"]] == [
        ("queued", "204"),
        ("sent", "204"),
        ("undelivered", "204"),
    ]
    assert message["body"] == "Hello"


def test_the_ledger_of_a_whole_run_has_no_bodies(twilio: SimulatedTwilio) -> None:
    twilio.send(body="a private matter")

    ledger = twilio.control.ledger()
    assert len(ledger["messages"]) == 1
    assert "private" not in str(ledger)


def test_the_state_counts_messages_by_status_and_direction(twilio: SimulatedTwilio, receiver: WebhookReceiver) -> None:
    twilio.send(to="+15005551014", status_callback=receiver.url())
    receiver.take()
    twilio.control.receive_text(RECIPIENT, OWN_NUMBER, "Hi")

    state = twilio.control.state()
    assert state["by_status"] == {"failed": 1, "received": 1}
    assert state["by_direction"] == {"inbound": 1, "outbound-api": 1}


def test_a_reset_begins_again_with_the_configured_faults(start: Start) -> None:
    twilio = start(faults=Faults(latency_ms=1.0))
    twilio.send()
    twilio.control.receive_text(RECIPIENT, OWN_NUMBER, "STOP")
    twilio.control.set_faults(latency_ms=2.0, callback_lost=1.0)

    twilio.control.reset()

    state = twilio.control.state()
    assert (state["creates"], state["messages"], state["opt_outs"]) == (0, 0, [])
    assert (state["faults"]["latency_ms"], state["faults"]["callback_lost"]) == (1.0, 0.0)


def test_faults_change_one_by_one(twilio: SimulatedTwilio) -> None:
    twilio.control.set_faults(answer_lost=0.5)

    faults = twilio.control.set_faults(callback_lost=0.25)

    assert (faults["answer_lost"], faults["callback_lost"]) == (0.5, 0.25)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"answer_lots": 1.0}, "faults.answer_lots: there is no such key"),
        ({"answer_lost": 2.0}, "faults.answer_lost: must be a rate from 0 to 1"),
    ],
)
def test_a_wrong_fault_is_named_and_changes_nothing(
    twilio: SimulatedTwilio, changes: dict[str, float], complaint: str
) -> None:
    before = twilio.control.state()["faults"]

    with pytest.raises(ValueError, match="faults") as caught:
        twilio.control.set_faults(callback_lost=0.5, **changes)

    assert str(caught.value) == complaint
    assert twilio.control.state()["faults"] == before


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ({"to": OWN_NUMBER}, "from: must be a text"),
        ({"from": RECIPIENT, "to": OWN_NUMBER, "text": "Hi"}, "text: there is no such field"),
        ({"from": RECIPIENT, "to": OWN_NUMBER, "posts": 0}, "posts: must be a whole number, 1 or more"),
        (
            {"from": RECIPIENT, "to": OWN_NUMBER, "media_urls": ["cat.jpg"]},
            "media_urls: must be a list of http or https URLs",
        ),
        ([], "body: must be a JSON object"),
    ],
)
def test_an_inbound_text_that_makes_no_sense_is_refused_by_field(
    twilio: SimulatedTwilio, document: object, complaint: str
) -> None:
    with urllib3.PoolManager() as pool:
        answer = pool.request("POST", twilio.url + "/simulator/inbound", json=document)

    assert (answer.status, answer.json()) == (400, {"error": complaint})
    assert twilio.control.state()["messages"] == 0
