"""The simulator's Messaging Services and numbers answer the twilio package as Twilio's do."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from twilio.base.exceptions import TwilioRestException

from messaging_pipeline.simulator.configuration import AccountConfig, SenderConfig, ServiceConfig, SimulatorConfig
from tests.support.simulated_twilio import (
    FAST,
    OTHER_SERVICE,
    OWN_NUMBER,
    RECIPIENT,
    SERVICE,
    SimulatedTwilio,
    real_client,
    simulated_twilio,
)

FREE_NUMBER = "+18005550199"
CLINIC = AccountConfig("AC" + "c" * 32, "the-clinics-token")
CONFIG = SimulatorConfig(
    accounts=(*SimulatorConfig().accounts, CLINIC),
    services=(ServiceConfig(SERVICE, senders=(OWN_NUMBER,)), ServiceConfig(OTHER_SERVICE, senders=("+12065550101",))),
    senders=(SenderConfig(FREE_NUMBER, capabilities=frozenset({"sms"})), SenderConfig("24680")),
    speed=FAST,
    smtp_port=None,
)


@pytest.fixture
def twilio() -> Iterator[SimulatedTwilio]:
    with simulated_twilio(CONFIG) as running:
        yield running


def sid_of(twilio: SimulatedTwilio, number: str) -> str:
    [found] = twilio.client.incoming_phone_numbers.list(phone_number=number)
    return str(found.sid)


def refusal(call: Callable[[], object]) -> tuple[int, int | None]:
    with pytest.raises(TwilioRestException) as caught:
        call()
    return caught.value.status, caught.value.code


def test_a_service_is_created_changed_and_deleted(twilio: SimulatedTwilio) -> None:
    services = twilio.client.messaging.v1.services
    made = services.create("Clinic", inbound_request_url="https://example.com/in", sticky_sender=False)
    changed = services(made.sid).update(friendly_name="Surgery", inbound_request_url="", area_code_geomatch=False)

    assert (made.friendly_name, made.inbound_request_url, made.sticky_sender) == (
        "Clinic",
        "https://example.com/in",
        False,
    )
    assert (changed.friendly_name, changed.inbound_request_url, changed.sticky_sender) == ("Surgery", None, False)
    assert changed.area_code_geomatch is False
    assert services(made.sid).fetch().friendly_name == "Surgery"
    assert services(made.sid).delete()
    assert refusal(services(made.sid).fetch) == (404, 20404)


def test_a_deleted_service_does_not_come_back_in_an_open_simulation() -> None:
    with simulated_twilio(SimulatorConfig(smtp_port=None)) as open_twilio:
        service = open_twilio.client.messaging.v1.services(SERVICE)
        number = service.phone_numbers.list()[0]

        assert service.delete()
        assert refusal(service.fetch) == (404, 20404)
        assert open_twilio.client.incoming_phone_numbers(number.sid).fetch().phone_number == number.phone_number


def test_services_are_listed_newest_first_in_pages(twilio: SimulatedTwilio) -> None:
    newest = twilio.client.messaging.v1.services.create("Newest")

    listed = [service.sid for service in twilio.client.messaging.v1.services.list(page_size=1)]

    assert listed == [newest.sid, OTHER_SERVICE, SERVICE]


def test_numbers_are_listed_in_pages_and_found_by_a_part(twilio: SimulatedTwilio) -> None:
    numbers = twilio.client.incoming_phone_numbers

    assert {number.phone_number for number in numbers.list(page_size=1)} == {OWN_NUMBER, "+12065550101", FREE_NUMBER}
    assert [number.phone_number for number in numbers.list(phone_number="800555")] == [FREE_NUMBER]


def test_a_number_says_what_it_can_do(twilio: SimulatedTwilio) -> None:
    number = twilio.client.incoming_phone_numbers(sid_of(twilio, FREE_NUMBER)).fetch()

    assert number.capabilities == {"fax": False, "mms": False, "sms": True, "voice": False}
    assert (number.type, number.sms_url, number.sms_method) == ("tollfree", "", "POST")


def test_a_numbers_urls_are_changed_and_taken_away(twilio: SimulatedTwilio) -> None:
    number = twilio.client.incoming_phone_numbers(sid_of(twilio, OWN_NUMBER))

    assert number.update(sms_url="https://example.com/in", sms_method="GET").sms_method == "GET"
    assert number.update(sms_url="").sms_url == ""


def test_a_number_moves_from_one_service_to_another(twilio: SimulatedTwilio) -> None:
    first, second = (twilio.client.messaging.v1.services(sid) for sid in (SERVICE, OTHER_SERVICE))
    number = sid_of(twilio, OWN_NUMBER)

    assert refusal(lambda: first.phone_numbers.create(number)) == (409, 21710)
    assert refusal(lambda: second.phone_numbers.create(number)) == (409, 21712)
    assert first.phone_numbers(number).delete()
    attached = second.phone_numbers.create(number)

    assert (attached.service_sid, attached.country_code, attached.capabilities) == (OTHER_SERVICE, "US", ["SMS", "MMS"])
    assert [one.phone_number for one in second.phone_numbers.list()] == ["+12065550101", OWN_NUMBER]
    assert refusal(first.phone_numbers(number).fetch) == (404, 20404)
    assert refusal(lambda: twilio.send(messaging_service_sid=SERVICE)) == (400, 21704)


def test_a_message_takes_the_status_callback_that_its_service_has_now(twilio: SimulatedTwilio) -> None:
    url = "http://127.0.0.1:9/status"
    twilio.client.messaging.v1.services(SERVICE).update(status_callback=url)
    sid = twilio.send(to=RECIPIENT).sid

    [message] = [one for one in twilio.control.messages()["messages"] if one["sid"] == sid]
    assert message["status_callback"] == url


@pytest.mark.parametrize(
    "changes",
    [
        {"status_callback": "nowhere"},
        {"inbound_method": "PUT"},
        {"validity_period": 36_001},
        {"friendly_name": "x" * 65},
        {"usecase": "spam"},
    ],
)
def test_a_wrong_parameter_is_named_and_changes_nothing(twilio: SimulatedTwilio, changes: dict[str, str]) -> None:
    service = twilio.client.messaging.v1.services(SERVICE)

    assert refusal(lambda: service.update(sticky_sender=False, **changes)) == (400, 20001)
    assert service.fetch().sticky_sender is True


def test_another_account_sees_neither_services_nor_numbers(twilio: SimulatedTwilio) -> None:
    clinic = real_client(twilio.url, CLINIC.sid, CLINIC.token)
    number = sid_of(twilio, OWN_NUMBER)

    assert clinic.messaging.v1.services.list() == []
    assert clinic.incoming_phone_numbers.list() == []
    assert refusal(clinic.messaging.v1.services(SERVICE).fetch) == (404, 20404)
    assert refusal(clinic.incoming_phone_numbers(number).fetch) == (404, 20404)
    clinic.http_client.session.close()


def test_an_unknown_token_opens_nothing(twilio: SimulatedTwilio) -> None:
    stranger = real_client(twilio.url, token="wrong")

    assert refusal(stranger.messaging.v1.services(SERVICE).fetch) == (401, 20003)
    stranger.http_client.session.close()


def test_a_service_may_leave_inbound_messages_to_its_numbers() -> None:
    service = ServiceConfig(SERVICE, senders=(OWN_NUMBER,), inbound_url="http://127.0.0.1:9/service")
    with simulated_twilio(replace(CONFIG, services=(service,))) as running:
        running.client.incoming_phone_numbers(sid_of(running, OWN_NUMBER)).update(sms_url="http://127.0.0.1:9/number")
        before = running.control.receive_text(RECIPIENT, OWN_NUMBER)["webhooks"][0]["url"]
        running.client.messaging.v1.services(SERVICE).update(use_inbound_webhook_on_number=True)
        after = running.control.receive_text(RECIPIENT, OWN_NUMBER)["webhooks"][0]["url"]

    assert (before, after) == ("http://127.0.0.1:9/service", "http://127.0.0.1:9/number")
