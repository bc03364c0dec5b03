"""Twilio's rules for the parameters of a create, and its codes, through the real client."""

from collections.abc import Iterator
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException

from messaging_pipeline.simulator.configuration import SenderConfig, ServiceConfig, SimulatorConfig
from tests.support.simulated_twilio import (
    FAST,
    OTHER_SERVICE,
    OWN_NUMBER,
    SERVICE,
    SimulatedTwilio,
    in_minutes,
    real_client,
    simulated_twilio,
)

EMPTY_SERVICE = "MG" + "e" * 32
NO_MMS = "+12065550102"
A_PICTURE = "https://example.com/cat.jpg"


@pytest.fixture(scope="module")
def twilio() -> Iterator[SimulatedTwilio]:
    """One simulator for all rules: none of them leaves anything behind."""
    config = SimulatorConfig(
        services=(ServiceConfig(SERVICE, senders=(OWN_NUMBER, NO_MMS)), ServiceConfig(EMPTY_SERVICE)),
        senders=(SenderConfig(NO_MMS, capabilities=frozenset({"sms"})),),
        speed=FAST,
        smtp_port=None,
    )
    with simulated_twilio(config) as running:
        yield running


REFUSALS: list[tuple[dict[str, Any], int, int]] = [
    ({"to": ""}, 400, 21604),
    ({"to": "12345"}, 400, 21211),
    ({"to": "+0123456789"}, 400, 21211),
    ({"to": "Alice"}, 400, 21211),
    ({"to": OWN_NUMBER, "from_": OWN_NUMBER}, 400, 21211),
    ({"messaging_service_sid": ""}, 400, 21603),
    ({"body": ""}, 400, 21602),
    ({"body": "x" * 1601}, 400, 21617),
    ({"media_url": [A_PICTURE] * 11}, 400, 21623),
    ({"media_url": ["cat.jpg"]}, 400, 21620),
    ({"media_url": [A_PICTURE, "ftp://example.com/cat.jpg"]}, 400, 21620),
    ({"media_url": [A_PICTURE], "from_": NO_MMS}, 400, 21621),
    ({"status_callback": "example.com/status"}, 400, 21609),
    ({"status_callback": "https://my_host.example.com/"}, 400, 21609),
    ({"status_callback": "https://example.com/" + "x" * 4000}, 400, 21609),
    ({"from_": "+12065550199"}, 400, 21606),
    ({"from_": "+1?"}, 400, 21212),
    ({"messaging_service_sid": "MG123"}, 400, 21705),
    ({"messaging_service_sid": OTHER_SERVICE}, 404, 21701),
    ({"messaging_service_sid": EMPTY_SERVICE}, 400, 21704),
    ({"validity_period": 0}, 400, 21624),
    ({"validity_period": 36_001}, 400, 21624),
    ({"content_sid": "HX1"}, 400, 21655),
    ({"content_variables": "{}"}, 400, 21654),
    ({"content_sid": "HX" + "0" * 32, "content_variables": "{"}, 400, 21656),
    ({"schedule_type": "fixed"}, 400, 35111),
    ({"schedule_type": "fixed", "send_at": in_minutes(4)}, 400, 35115),
    ({"schedule_type": "fixed", "send_at": in_minutes(36 * 24 * 60)}, 400, 35115),
    ({"schedule_type": "fixed", "send_at": "tomorrow"}, 400, 35115),
    ({"schedule_type": "fixed", "send_at": in_minutes(60), "from_": OWN_NUMBER}, 400, 35118),
    ({"schedule_type": "soon"}, 400, 35126),
    # Twilio's own magic numbers
    ({"to": "+15005550001"}, 400, 21211),
    ({"to": "+15005550002"}, 400, 21612),
    ({"to": "+15005550003"}, 400, 21408),
    ({"to": "+15005550004", "from_": OWN_NUMBER}, 400, 21610),
    ({"to": "+15005550009"}, 400, 21614),
    ({"from_": "+15005550001"}, 400, 21212),
    ({"from_": "+15005550007"}, 400, 21606),
    ({"from_": "+15005550008"}, 429, 21611),
    # ours
    ({"to": "+15005551005"}, 400, 21614),
    ({"to": "+15005551006", "from_": OWN_NUMBER}, 400, 21610),
]


@pytest.mark.parametrize(("changes", "http_status", "code"), REFUSALS)
def test_a_broken_rule_is_refused_with_twilios_code(
    twilio: SimulatedTwilio, changes: dict[str, Any], http_status: int, code: int
) -> None:
    before = twilio.control.state()["messages"]

    with pytest.raises(TwilioRestException) as caught:
        twilio.send(**changes)

    assert (caught.value.status, caught.value.code) == (http_status, code)
    assert twilio.control.state()["messages"] == before


@pytest.mark.parametrize(
    "changes",
    [
        {"body": "x" * 1600},
        {"body": "", "media_url": [A_PICTURE] * 10},
        {"body": "", "content_sid": "HX" + "0" * 32, "content_variables": '{"1": "x"}'},
        {"from_": "+15005550006"},
        {"from_": OWN_NUMBER, "messaging_service_sid": SERVICE},
        {"validity_period": 1},
        {"validity_period": 36_000},
        {"status_callback": "http://127.0.0.1:9/status?x=1#rc=3"},
        {"schedule_type": "fixed", "send_at": in_minutes(60)},
        {"send_at": in_minutes(1)},
    ],
)
def test_what_twilio_accepts_is_accepted(twilio: SimulatedTwilio, changes: dict[str, Any]) -> None:
    assert twilio.send(**changes).sid is not None


def test_a_number_outside_the_pool_cannot_send_for_a_service(twilio: SimulatedTwilio) -> None:
    with pytest.raises(TwilioRestException) as caught:
        twilio.send(from_="+15005550006", messaging_service_sid=SERVICE)

    assert caught.value.code == 21606


@pytest.mark.parametrize(
    ("sid", "token", "http_status", "code"),
    [("AC" + "0" * 31 + "1", "wrong", 401, 20003), ("ACunknown", "simulated-auth-token", 401, 20003)],
)
def test_wrong_credentials_are_refused(
    twilio: SimulatedTwilio, sid: str, token: str, http_status: int, code: int
) -> None:
    client = real_client(twilio.url, sid=sid, token=token)
    with pytest.raises(TwilioRestException) as caught:
        client.messages.create(to="+15005551001", from_=OWN_NUMBER, body="Hello")
    client.http_client.session.close()

    assert (caught.value.status, caught.value.code) == (http_status, code)


def test_another_account_in_the_path_is_not_found(twilio: SimulatedTwilio) -> None:
    with pytest.raises(TwilioRestException) as caught:
        twilio.client.api.accounts("AC" + "9" * 32).messages.create(to="+15005551001", from_="+1", body="x")

    assert (caught.value.status, caught.value.code) == (404, 20404)


def test_a_sender_queue_of_more_than_ten_hours_is_full() -> None:
    config = SimulatorConfig(senders=(SenderConfig(OWN_NUMBER, mps=0.00001),), smtp_port=None)
    with simulated_twilio(config) as slow:
        slow.send(from_=OWN_NUMBER)
        with pytest.raises(TwilioRestException) as caught:
            slow.send(from_=OWN_NUMBER)

    assert caught.value.code == 21611
