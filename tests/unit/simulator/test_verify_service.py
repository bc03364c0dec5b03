"""The simulated Verify service, called by Twilio's own library."""

from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.support.simulated_twilio import SimulatedTwilio, Start

SERVICE = "VA" + "a" * 32
NUMBER = "+14155550111"


def verify(twilio: SimulatedTwilio) -> Any:
    twilio.client.verify.base_url = twilio.url
    return twilio.client.verify.v2.services(SERVICE)


def refused(question: Any) -> tuple[int, int]:
    with pytest.raises(TwilioRestException) as caught:
        question()
    return caught.value.status, caught.value.code


def test_a_code_is_sent_and_is_right_once(twilio: SimulatedTwilio) -> None:
    service = verify(twilio)
    started = service.verifications.create(to=NUMBER, channel="sms")
    (sent,) = twilio.control.verifications()
    assert (sent["sid"], sent["to"], sent["sends"]) == (started.sid, NUMBER, 1)
    wrong = "000000" if sent["code"] != "000000" else "111111"
    assert service.verification_checks.create(to=NUMBER, code=wrong).status == "pending"
    approved = service.verification_checks.create(verification_sid=started.sid, code=sent["code"])
    assert (approved.status, approved.valid) == ("approved", True)
    assert refused(lambda: service.verification_checks.create(to=NUMBER, code=sent["code"])) == (404, 20404)


def test_codes_follow_from_the_seed(start: Start) -> None:
    codes = []
    for _ in range(2):
        twilio = start(seed=7)
        verify(twilio).verifications.create(to=NUMBER, channel="sms")
        codes += [one["code"] for one in twilio.control.verifications()]
    assert codes[0] == codes[1]
    assert len(codes[0]) == 6


def test_the_same_code_is_sent_again_while_it_is_good_but_not_for_ever(twilio: SimulatedTwilio) -> None:
    service = verify(twilio)
    sids = {service.verifications.create(to=NUMBER, channel="sms").sid for _ in range(5)}
    assert len(sids) == 1
    assert refused(lambda: service.verifications.create(to=NUMBER, channel="sms")) == (429, 60203)


def test_a_code_can_be_guessed_at_five_times(twilio: SimulatedTwilio) -> None:
    service = verify(twilio)
    service.verifications.create(to=NUMBER, channel="sms")
    for _ in range(5):
        service.verification_checks.create(to=NUMBER, code="x")
    assert refused(lambda: service.verification_checks.create(to=NUMBER, code="x")) == (429, 60202)


@pytest.mark.parametrize(("to", "channel"), [("4155550111", "sms"), (NUMBER, "pigeon")])
def test_what_is_no_number_or_channel_is_refused(twilio: SimulatedTwilio, to: str, channel: str) -> None:
    assert refused(lambda: verify(twilio).verifications.create(to=to, channel=channel)) == (400, 60200)
    assert twilio.control.verifications() == []


def test_who_has_no_account_is_not_let_in(twilio: SimulatedTwilio) -> None:
    service = verify(twilio)
    twilio.client.password = "wrong"
    twilio.client.auth = (twilio.client.username, "wrong")
    assert refused(lambda: service.verifications.create(to=NUMBER, channel="sms"))[0] == 401
