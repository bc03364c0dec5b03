"""What happens to a message after it was accepted, as its sender hears of it."""

import pytest

from messaging_pipeline.simulator.configuration import SenderConfig, ServiceConfig
from tests.support.simulated_twilio import OWN_NUMBER, RECIPIENT, SERVICE, SimulatedTwilio, Start, in_minutes
from tests.support.webhook_receiver import WebhookReceiver


def outcome(twilio: SimulatedTwilio, sid: str) -> tuple[str, int | None]:
    message = twilio.client.messages(sid).fetch()
    return message.status, message.error_code


def test_a_service_message_is_accepted_first_and_its_sender_chosen_later(
    twilio: SimulatedTwilio, receiver: WebhookReceiver
) -> None:
    message = twilio.send(status_callback=receiver.url())

    assert (message.status, message.from_, message.num_segments) == ("accepted", None, "0")
    assert [webhook.status for webhook in receiver.take_life(3)] == ["queued", "sent", "delivered"]
    later = twilio.client.messages(message.sid).fetch()
    assert (later.status, later.num_segments) == ("delivered", "1")
    assert later.from_.startswith("+1")


def test_a_message_from_a_number_is_queued_at_once_and_that_is_not_called_back(
    twilio: SimulatedTwilio, receiver: WebhookReceiver
) -> None:
    message = twilio.send(from_=OWN_NUMBER, status_callback=receiver.url())

    assert (message.status, message.from_, message.num_segments) == ("queued", OWN_NUMBER, "1")
    assert [webhook.status for webhook in receiver.take_life(2)] == ["sent", "delivered"]


@pytest.mark.parametrize(
    ("number", "statuses", "error_code"),
    [
        ("+15005551002", ["queued", "sent", "undelivered"], 30003),
        ("+15005551003", ["queued", "sent", "undelivered"], 30005),
        ("+15005551004", ["queued", "sent", "undelivered"], 30006),
        ("+15005551007", ["queued", "sent", "undelivered"], 30007),
        ("+15005551008", ["queued", "sent", "undelivered"], 30034),
        ("+15005551014", ["failed"], 30500),
        ("+15005551015", ["queued", "sent", "undelivered"], 30008),
        ("+15005551006", ["failed"], 21610),
        ("+15005550004", ["failed"], 21610),
    ],
)
def test_a_magic_number_decides_how_a_message_ends(
    twilio: SimulatedTwilio,
    receiver: WebhookReceiver,
    number: str,
    statuses: list[str],
    error_code: int,
) -> None:
    message = twilio.send(to=number, status_callback=receiver.url())

    webhooks = receiver.take_life(len(statuses))
    assert [webhook.status for webhook in webhooks] == statuses
    assert webhooks[-1].form["ErrorCode"] == str(error_code)
    assert outcome(twilio, message.sid) == (statuses[-1], error_code)


def test_a_message_may_be_delivered_after_it_was_called_undelivered(
    twilio: SimulatedTwilio, receiver: WebhookReceiver
) -> None:
    message = twilio.send(to="+15005551013", status_callback=receiver.url())

    statuses = [webhook.status for webhook in receiver.take_life(4)]
    assert statuses == ["queued", "sent", "undelivered", "delivered"]
    assert outcome(twilio, message.sid) == ("delivered", None)


def test_a_read_receipt_follows_delivery(twilio: SimulatedTwilio, receiver: WebhookReceiver) -> None:
    twilio.send(to="+15005551012", status_callback=receiver.url())

    read = receiver.take_life(4)[-1]
    assert (read.status, read.form["EventType"]) == ("read", "READ")


def test_some_messages_are_never_heard_of_after_sent_and_some_stay_queued(
    twilio: SimulatedTwilio, receiver: WebhookReceiver
) -> None:
    silent = twilio.send(to="+15005551010", status_callback=receiver.url("/silent"))
    stuck = twilio.send(to="+15005551011", status_callback=receiver.url("/stuck"))
    receiver.take(3)
    twilio.send(status_callback=receiver.url())
    receiver.take(3)

    assert outcome(twilio, silent.sid) == ("sent", None)
    assert outcome(twilio, stuck.sid) == ("queued", None)


def test_a_slow_message_is_delivered_after_all(start: Start, receiver: WebhookReceiver) -> None:
    twilio = start(speed=5000.0)

    twilio.send(to="+15005551009", status_callback=receiver.url())

    assert receiver.take_life(3)[-1].status == "delivered"


def test_segments_leave_at_the_senders_rate(start: Start, receiver: WebhookReceiver) -> None:
    slow = SenderConfig(OWN_NUMBER, mps=0.001)
    twilio = start(senders=(slow,))
    twilio.send(from_=OWN_NUMBER, body="x" * 300, status_callback=receiver.url())
    waiting = twilio.send(from_=OWN_NUMBER, status_callback=receiver.url())

    receiver.take(2)

    assert outcome(twilio, waiting.sid) == ("queued", None)
    [sender] = twilio.control.state()["senders"]
    assert sender["queued_segments"] == 3


def test_a_message_that_stays_in_the_queue_beyond_its_validity_fails(start: Start, receiver: WebhookReceiver) -> None:
    twilio = start(senders=(SenderConfig(OWN_NUMBER, mps=0.01),))
    twilio.send(from_=OWN_NUMBER)

    expired = twilio.send(from_=OWN_NUMBER, validity_period=5, status_callback=receiver.url())

    assert receiver.take()[0].status == "failed"
    assert outcome(twilio, expired.sid) == ("failed", 30036)


def test_a_service_whose_queue_is_full_fails_its_messages_later(start: Start, receiver: WebhookReceiver) -> None:
    service = ServiceConfig(SERVICE, senders=(OWN_NUMBER,))
    twilio = start(services=(service,), senders=(SenderConfig(OWN_NUMBER, mps=0.00001),), speed=50.0)
    twilio.send(status_callback=receiver.url())
    receiver.take(3)

    overflow = twilio.send(status_callback=receiver.url())

    assert overflow.status == "accepted"
    assert [webhook.status for webhook in receiver.take_life(2)] == ["queued", "failed"]
    assert outcome(twilio, overflow.sid) == ("failed", 30001)


def test_a_scheduled_message_waits_for_its_time(start: Start, receiver: WebhookReceiver) -> None:
    twilio = start(speed=10_000.0)

    message = twilio.send(schedule_type="fixed", send_at=in_minutes(10), status_callback=receiver.url())

    assert message.status == "scheduled"
    assert {webhook.status for webhook in receiver.take(3)} == {"queued", "sent", "delivered"}


def test_every_message_of_a_recipient_leaves_from_the_same_number(
    twilio: SimulatedTwilio, receiver: WebhookReceiver
) -> None:
    for _ in range(3):
        twilio.send(to=RECIPIENT, status_callback=receiver.url())

    assert len({webhook.form["From"] for webhook in receiver.take(9)}) == 1
