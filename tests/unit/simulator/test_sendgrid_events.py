"""Events that the simulator's SendGrid posts about letters, signed so that our own webhook believes them."""

import json
from typing import Any

import pytest

from messaging_pipeline.fallback.letters import Letter
from messaging_pipeline.fallback.sendgrid_mail import SendGridPostbox
from messaging_pipeline.simulator.configuration import StandIns
from messaging_pipeline.twilio_api.sendgrid_events import (
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    is_genuine,
    parse_events,
    read_public_key,
)
from tests.support.simulated_twilio import SimulatedTwilio, Start
from tests.support.webhook_receiver import CannedAnswer, Webhook, WebhookReceiver

STEP = "01a20ae3-36f1-71b2-9f95-11ed72e1abd2-2"


@pytest.fixture
def sendgrid(start: Start, receiver: WebhookReceiver) -> SimulatedTwilio:
    return start(stand_ins=StandIns(sendgrid_events_url=receiver.url("/sendgrid/events")))


def post_letter(sendgrid: SimulatedTwilio, to: str = "ann@example.com") -> str:
    postbox = SendGridPostbox("SG.key", sendgrid.url, "pipeline@example.com")
    try:
        return postbox.post(Letter(to, "Hello", "Your parcel is here.", STEP)).state
    finally:
        postbox.close()


def believed(sendgrid: SimulatedTwilio, event: Webhook) -> bool:
    key = read_public_key(sendgrid.simulator.sendgrid_public_key)
    signature, timestamp = (event.headers[name.lower()] for name in (SIGNATURE_HEADER, TIMESTAMP_HEADER))
    return is_genuine(key, event.content, signature, timestamp)


@pytest.mark.parametrize(
    ("to", "word", "arrived"), [("ann@example.com", "delivered", 1), ("late-bounce@example.com", "bounced", 0)]
)
def test_what_became_of_a_letter_is_told_and_believed(
    sendgrid: SimulatedTwilio, receiver: WebhookReceiver, to: str, word: str, arrived: int
) -> None:
    assert post_letter(sendgrid, to) == "sent"
    (event,) = receiver.take()
    assert believed(sendgrid, event)
    (told,) = parse_events(event.content)
    assert (f"{told.message_id}-{told.number}", told.word) == (STEP, word)
    assert len(sendgrid.control.mailbox()) == arrived


def test_an_event_that_was_not_heard_is_posted_again(sendgrid: SimulatedTwilio, receiver: WebhookReceiver) -> None:
    receiver.answer_next(CannedAnswer(status=503), CannedAnswer(hang_up=True))
    post_letter(sendgrid)
    events = [json.loads(one.content)[0] for one in receiver.take(3)]
    assert len({one["sg_event_id"] for one in events}) == 1


def test_another_simulator_signs_with_another_key(
    sendgrid: SimulatedTwilio, receiver: WebhookReceiver, start: Start
) -> None:
    post_letter(sendgrid)
    (event,) = receiver.take()
    assert not believed(start(), event)


def test_nobody_is_told_who_is_not_named(twilio: SimulatedTwilio) -> None:
    state: Any = post_letter(twilio)
    assert (state, len(twilio.control.mailbox())) == ("sent", 1)
