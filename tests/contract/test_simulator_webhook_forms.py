"""The forms of the simulator's webhooks have the fields that Twilio documents, and pass its validator."""

from collections.abc import Iterator
from itertools import pairwise

import pytest

from messaging_pipeline.simulator.configuration import DEFAULT_AUTH_TOKEN, SimulatorConfig
from tests.support.simulated_twilio import (
    FAST,
    OWN_NUMBER,
    RECIPIENT,
    SERVICE,
    SimulatedTwilio,
    simulated_twilio,
)
from tests.support.webhook_receiver import WebhookReceiver, webhook_receiver

STATUS_FIELDS = {
    "AccountSid",
    "ApiVersion",
    "From",
    "MessageSid",
    "MessageStatus",
    "SmsSid",
    "SmsStatus",
    "To",
}
INBOUND_FIELDS = {
    "AccountSid",
    "ApiVersion",
    "Body",
    "From",
    "FromCity",
    "FromCountry",
    "FromState",
    "FromZip",
    "MessageSid",
    "NumMedia",
    "NumSegments",
    "SmsMessageSid",
    "SmsSid",
    "SmsStatus",
    "To",
    "ToCity",
    "ToCountry",
    "ToState",
    "ToZip",
}
ALLOWED_MOVES = {
    ("accepted", "queued"),
    ("accepted", "failed"),
    ("queued", "sending"),
    ("queued", "failed"),
    ("sending", "sent"),
    ("sent", "delivered"),
    ("sent", "undelivered"),
    ("delivered", "read"),
    ("undelivered", "delivered"),
}


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with webhook_receiver() as running:
        yield running


@pytest.fixture
def twilio(receiver: WebhookReceiver) -> Iterator[SimulatedTwilio]:
    config = SimulatorConfig(speed=FAST, smtp_port=None, inbound_url=receiver.url("/inbound"))
    with simulated_twilio(config) as running:
        yield running


def test_status_forms_have_exactly_the_documented_fields(twilio: SimulatedTwilio, receiver: WebhookReceiver) -> None:
    twilio.send(from_=OWN_NUMBER, status_callback=receiver.url())
    sent, delivered = receiver.take(2)
    twilio.send(to="+15005551002", status_callback=receiver.url())
    undelivered = receiver.take(3)[-1]

    assert sent.form.keys() == STATUS_FIELDS
    assert delivered.form.keys() == STATUS_FIELDS | {"RawDlrDoneDate"}
    assert undelivered.form.keys() == STATUS_FIELDS | {"RawDlrDoneDate", "MessagingServiceSid", "ErrorCode"}
    assert len(delivered.form["RawDlrDoneDate"]) == 10
    assert sent.headers["content-type"].startswith("application/x-www-form-urlencoded")
    assert all(webhook.is_signed(receiver.origin, DEFAULT_AUTH_TOKEN) for webhook in (sent, delivered))


def test_a_message_that_fails_before_it_has_a_sender_has_no_from(
    twilio: SimulatedTwilio, receiver: WebhookReceiver
) -> None:
    twilio.send(to="+15005551014", status_callback=receiver.url())

    form = receiver.take()[0].form
    assert form.keys() == STATUS_FIELDS - {"From"} | {"MessagingServiceSid", "ErrorCode"}


def test_inbound_forms_have_exactly_the_documented_fields(twilio: SimulatedTwilio, receiver: WebhookReceiver) -> None:
    twilio.control.receive_text(RECIPIENT, OWN_NUMBER, "Grüße & mehr=✓")
    text = receiver.take()[0]
    twilio.control.receive_text(RECIPIENT, SERVICE, "", ("https://example.com/cat.jpg",))
    picture = receiver.take()[0]

    assert text.form.keys() == INBOUND_FIELDS
    assert text.form["Body"] == "Grüße & mehr=✓"
    assert picture.form.keys() == INBOUND_FIELDS | {"MessagingServiceSid", "MediaUrl0", "MediaContentType0"}
    assert all(webhook.is_signed(receiver.origin, DEFAULT_AUTH_TOKEN) for webhook in (text, picture))


@pytest.mark.parametrize("number", ["+15005551002", "+15005551012", "+15005551013", "+15005551014"])
def test_every_life_follows_twilios_moves(twilio: SimulatedTwilio, receiver: WebhookReceiver, number: str) -> None:
    twilio.send(to=number)
    twilio.send(to=RECIPIENT, status_callback=receiver.url())
    receiver.take(3)

    [message] = twilio.control.messages(number)["messages"]
    statuses = [step["status"] for step in message["transitions"]]
    assert set(pairwise(statuses)) <= ALLOWED_MOVES
