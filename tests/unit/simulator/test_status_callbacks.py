"""Status callbacks: signed, retried as the URL asks, and spoilt when a fault or a magic number says so."""

import pytest

from messaging_pipeline.simulator.configuration import DEFAULT_AUTH_TOKEN, Faults, ServiceConfig
from tests.support.simulated_twilio import OWN_NUMBER, RECIPIENT, SERVICE, SimulatedTwilio, Start, eventually
from tests.support.webhook_receiver import CannedAnswer, WebhookReceiver

DELIVERED_IN_ORDER = ["queued", "sent", "delivered"]


def attempts(twilio: SimulatedTwilio, to: str) -> list[tuple[str, int, str]]:
    [message] = twilio.control.messages(to)["messages"]
    return [(one["status"], one["attempt"], one["outcome"]) for one in message["callback_attempts"]]


def settle(twilio: SimulatedTwilio, receiver: WebhookReceiver) -> None:
    """See a later message through its life, so that all that was due before it has happened."""
    twilio.send(to="+12065550177", status_callback=receiver.url("/settle"))
    receiver.take(3)


def test_a_callback_is_signed_over_the_url_without_its_fragment(
    twilio: SimulatedTwilio, receiver: WebhookReceiver
) -> None:
    path = "/status/0193?tag=%7Ea%2Fb&x=1"
    twilio.send(status_callback=receiver.url(path) + "#rc=2&rp=5xx")

    webhook = receiver.take()[0]

    assert webhook.target == path
    assert webhook.is_signed(receiver.origin, DEFAULT_AUTH_TOKEN)
    assert not webhook.is_signed(receiver.origin, "another token")


def test_user_info_is_left_out_of_the_signature(twilio: SimulatedTwilio, receiver: WebhookReceiver) -> None:
    twilio.send(status_callback=receiver.url("/status").replace("http://", "http://user:secret@"))

    assert receiver.take()[0].is_signed(receiver.origin, DEFAULT_AUTH_TOKEN)


def test_a_messages_own_callback_url_beats_the_services(start: Start, receiver: WebhookReceiver) -> None:
    service = ServiceConfig(SERVICE, senders=(OWN_NUMBER,), status_callback=receiver.url("/service"))
    twilio = start(services=(service,))

    twilio.send()
    by_service = receiver.take(3)
    twilio.send(status_callback=receiver.url("/message"))
    by_message = receiver.take(3)

    assert {webhook.target for webhook in by_service} == {"/service"}
    assert {webhook.target for webhook in by_message} == {"/message"}


def test_an_error_answer_is_not_retried_unless_the_url_asks(twilio: SimulatedTwilio, receiver: WebhookReceiver) -> None:
    receiver.answer_next(CannedAnswer(503))
    twilio.send(to="+15005551014", status_callback=receiver.url())

    receiver.take()
    settle(twilio, receiver)

    assert attempts(twilio, "+15005551014") == [("failed", 1, "503")]


def test_a_retry_that_was_asked_for_carries_the_same_idempotency_token(
    twilio: SimulatedTwilio, receiver: WebhookReceiver
) -> None:
    receiver.answer_next(CannedAnswer(503), CannedAnswer(500))
    twilio.send(to="+15005551014", status_callback=receiver.url() + "#rc=3&rp=ct,5xx")

    webhooks = receiver.take(3)
    settle(twilio, receiver)

    assert len({webhook.headers["i-twilio-idempotency-token"] for webhook in webhooks}) == 1
    assert [outcome for _, _, outcome in attempts(twilio, "+15005551014")] == ["503", "500", "204"]


def test_a_refused_connection_is_tried_once_more_by_default(
    twilio: SimulatedTwilio, receiver: WebhookReceiver, closed_port: int
) -> None:
    twilio.send(to="+15005551014", status_callback=f"http://127.0.0.1:{closed_port}/status")
    settle(twilio, receiver)

    assert attempts(twilio, "+15005551014") == [
        ("failed", 1, "connect_failed"),
        ("failed", 2, "connect_failed"),
    ]


def test_lost_callbacks_are_never_posted_but_noted(twilio: SimulatedTwilio, receiver: WebhookReceiver) -> None:
    twilio.send(to="+15005551030", status_callback=receiver.url("/lost"))
    settle(twilio, receiver)
    settle(twilio, receiver)

    assert receiver.arrived.empty()
    assert attempts(twilio, "+15005551030") == [(status, 1, "withheld") for status in DELIVERED_IN_ORDER]


def test_late_callbacks_come_after_the_message_was_delivered(start: Start, receiver: WebhookReceiver) -> None:
    twilio = start(faults=Faults(callback_late_seconds=100.0))
    message = twilio.send(to="+15005551031", status_callback=receiver.url())

    first = receiver.take()[0]

    assert first.form["MessageSid"] == message.sid
    assert twilio.client.messages(message.sid).fetch().status == "delivered"


def test_duplicated_callbacks_come_twice(twilio: SimulatedTwilio, receiver: WebhookReceiver) -> None:
    twilio.send(to="+15005551032", status_callback=receiver.url())

    statuses = [webhook.status for webhook in receiver.take(6)]

    assert sorted(statuses) == sorted(DELIVERED_IN_ORDER * 2)


def test_reversed_callbacks_come_last_one_first(twilio: SimulatedTwilio, receiver: WebhookReceiver) -> None:
    twilio.send(to="+15005551033", status_callback=receiver.url())

    assert [webhook.status for webhook in receiver.take(3)] == DELIVERED_IN_ORDER[::-1]


def test_a_fault_can_lose_every_callback(start: Start, receiver: WebhookReceiver) -> None:
    twilio = start(faults=Faults(callback_lost=1.0))
    message = twilio.send(status_callback=receiver.url())

    eventually(lambda: twilio.client.messages(message.sid).fetch().status == "delivered")

    assert attempts(twilio, RECIPIENT) == [(status, 1, "withheld") for status in DELIVERED_IN_ORDER]
    assert receiver.arrived.empty()


@pytest.mark.parametrize("fault", ["callback_reorder", "callback_duplicate"])
def test_a_fault_at_rate_one_befalls_every_callback(start: Start, receiver: WebhookReceiver, fault: str) -> None:
    expected = {
        "callback_reorder": DELIVERED_IN_ORDER[::-1],
        "callback_duplicate": DELIVERED_IN_ORDER * 2,
    }[fault]
    twilio = start(faults=Faults(**{fault: 1.0}))
    twilio.send(status_callback=receiver.url())
    arrived = [webhook.status for webhook in receiver.take(len(expected))]
    twilio.control.set_faults(**{fault: 0.0})
    settle(twilio, receiver)

    assert sorted(arrived) == sorted(expected)
    assert receiver.arrived.empty()


def test_a_reset_forgets_what_was_still_to_be_called_back(start: Start, receiver: WebhookReceiver) -> None:
    twilio = start(faults=Faults(callback_late=1.0, callback_late_seconds=100.0))
    twilio.send(status_callback=receiver.url("/before"))
    twilio.control.reset()
    twilio.control.set_faults(callback_late=0.0)
    settle(twilio, receiver)
    settle(twilio, receiver)

    assert receiver.arrived.empty()
    assert twilio.control.state()["messages"] == 2
