"""Accounts do not see each other's services, senders and messages, and sign with their own tokens."""

from collections.abc import Iterator

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from messaging_pipeline.simulator.configuration import AccountConfig, SenderConfig, ServiceConfig
from tests.support.simulated_twilio import (
    OTHER_SERVICE,
    OWN_NUMBER,
    RECIPIENT,
    SERVICE,
    SimulatedTwilio,
    Start,
    real_client,
)
from tests.support.webhook_receiver import WebhookReceiver

SHOP, CLINIC = AccountConfig("ACshop", "shop token"), AccountConfig("ACclinic", "clinic token")
OTHER_NUMBER = "+12065550101"


@pytest.fixture
def twilio(start: Start) -> SimulatedTwilio:
    return start(
        accounts=(SHOP, CLINIC),
        services=(
            ServiceConfig(SERVICE, senders=(OWN_NUMBER,)),
            ServiceConfig(OTHER_SERVICE, account_sid=CLINIC.sid, senders=(OTHER_NUMBER,)),
        ),
        senders=(SenderConfig(OTHER_NUMBER, account_sid=CLINIC.sid),),
    )


@pytest.fixture
def clinic(twilio: SimulatedTwilio) -> Iterator[Client]:
    client = real_client(twilio.url, CLINIC.sid, CLINIC.token)
    yield client
    client.http_client.session.close()


def test_a_service_and_a_number_work_for_their_own_account_only(clinic: Client) -> None:
    assert clinic.messages.create(to=RECIPIENT, messaging_service_sid=OTHER_SERVICE, body="x").sid
    with pytest.raises(TwilioRestException) as by_service:
        clinic.messages.create(to=RECIPIENT, messaging_service_sid=SERVICE, body="x")
    with pytest.raises(TwilioRestException) as by_number:
        clinic.messages.create(to=RECIPIENT, from_=OWN_NUMBER, body="x")

    assert (by_service.value.code, by_number.value.code) == (21701, 21606)


def test_messages_are_shown_to_their_own_account_only(twilio: SimulatedTwilio, clinic: Client) -> None:
    sid = clinic.messages.create(to=RECIPIENT, from_=OTHER_NUMBER, body="x").sid
    shop = real_client(twilio.url, SHOP.sid, SHOP.token)

    with pytest.raises(TwilioRestException) as caught:
        shop.messages(sid).fetch()

    assert caught.value.code == 20404
    assert shop.messages.list() == []
    assert [message.sid for message in clinic.messages.list()] == [sid]
    shop.http_client.session.close()


def test_callbacks_are_signed_with_the_accounts_own_token(clinic: Client, receiver: WebhookReceiver) -> None:
    clinic.messages.create(to=RECIPIENT, from_=OTHER_NUMBER, body="x", status_callback=receiver.url())

    webhook = receiver.take()[0]
    assert webhook.is_signed(receiver.origin, CLINIC.token)
    assert not webhook.is_signed(receiver.origin, SHOP.token)
