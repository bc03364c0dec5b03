"""Calls that nobody takes, and pictures where only texts arrive."""

import pytest

from messaging_pipeline.simulator.configuration import DEFAULT_AUTH_TOKEN
from tests.support.simulated_twilio import OWN_NUMBER, SimulatedTwilio, Start, eventually
from tests.support.webhook_receiver import WebhookReceiver

CUSTOMER = "+14155550111"
NO_MMS = "+15005551016"


def test_the_end_of_a_call_is_posted_signed_beside_the_inbound_url(start: Start, receiver: WebhookReceiver) -> None:
    twilio = start(inbound_url=receiver.url("/twilio/inbound"))
    told = twilio.control.miss_call(CUSTOMER, OWN_NUMBER, "busy", posts=2)
    first, second = receiver.take(2)
    assert first.target == "/twilio/voice"
    assert first.is_signed(receiver.origin, DEFAULT_AUTH_TOKEN)
    assert (first.form["From"], first.form["To"], first.form["CallStatus"]) == (CUSTOMER, OWN_NUMBER, "busy")
    assert first.form["CallSid"] == second.form["CallSid"] == told["sid"]
    assert told["webhooks"] == ["204", "204"]


def test_a_call_that_cannot_be_posted_is_refused(twilio: SimulatedTwilio) -> None:
    with pytest.raises(ValueError, match="no inbound URL"):
        twilio.control.miss_call(CUSTOMER, OWN_NUMBER)
    with pytest.raises(ValueError, match="outcome: must be a text"):
        twilio.control.miss_call(CUSTOMER, OWN_NUMBER, "")


def test_where_there_is_no_mms_a_picture_is_undelivered_and_a_text_arrives(twilio: SimulatedTwilio) -> None:
    picture = twilio.send(to=NO_MMS, media_url=["https://example.com/a.jpg"])
    text = twilio.send(to=NO_MMS)

    def ends() -> list[tuple[str, int | None]]:
        found = [twilio.client.messages(one.sid).fetch() for one in (picture, text)]
        return [(one.status, one.error_code) for one in found]

    eventually(lambda: ends() == [("undelivered", 30011), ("delivered", None)])
