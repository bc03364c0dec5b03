"""What an answer of Twilio Verify proves, over real sockets."""

from typing import Any

import pytest

from messaging_pipeline.ids import E164
from messaging_pipeline.twilio_api.outcome import Fault, NotSent, Refused, Unconfirmed
from messaging_pipeline.twilio_api.remote_messages import Throttled, Unreachable
from messaging_pipeline.twilio_api.verify_api import Checked, VerifyApi
from tests.support.stand_in import Script, StandIn, answering, closing, never_answering, refusing, resetting, stand_in

NUMBER = E164("+14155550123")
SERVICE, SID = "VA" + "a" * 32, "VE" + "b" * 32
STARTED = answering(201, {"sid": SID, "status": "pending", "to": NUMBER})


def asked(script: Script, ask: Any, read_timeout_seconds: float = 30.0) -> tuple[Any, StandIn]:
    with stand_in(script) as server:
        api = VerifyApi("AC" + "0" * 32, "secret", server.url, SERVICE, read_timeout_seconds=read_timeout_seconds)
        try:
            return ask(api), server
        finally:
            api.close()


def start(script: Script, read_timeout_seconds: float = 30.0) -> Any:
    return asked(script, lambda api: api.start(NUMBER, "sms"), read_timeout_seconds)[0]


def check(script: Script, sid: str | None = SID) -> Any:
    return asked(script, lambda api: api.check("123456", sid=sid, to=None if sid else NUMBER))[0]


def test_a_start_is_one_request_to_the_service() -> None:
    told, server = asked(STARTED, lambda api: api.start(NUMBER, "call"))
    assert told == SID
    (request,) = server.requests
    assert request.target == f"/v2/Services/{SERVICE}/Verifications"
    assert request.body == "To=%2B14155550123&Channel=call"


@pytest.mark.parametrize(
    "script",
    [
        closing,
        resetting,
        answering(201, {"sid": SID}, missing_bytes=10),
        answering(201, {"sid": "SM1"}),
        answering(201, "<html>"),
        refusing(500, 20500),
        refusing(503, 20503),
        refusing(408, 408),
    ],
)
def test_when_the_answer_is_lost_or_is_none_a_code_may_have_gone_out(script: Script) -> None:
    assert isinstance(start(script), Unconfirmed)


def test_a_twilio_that_says_nothing_leaves_doubt() -> None:
    assert isinstance(start(never_answering, read_timeout_seconds=0.2), Unconfirmed)


@pytest.mark.parametrize(("status", "code"), [(429, 20429), (429, 60203)])
def test_a_request_too_many_was_not_sent(status: int, code: int) -> None:
    told = start(refusing(status, code))
    assert isinstance(told, NotSent)
    assert told.code == code


def test_a_server_that_is_not_there_was_not_reached() -> None:
    api = VerifyApi("AC" + "0" * 32, "secret", "http://127.0.0.1:9", SERVICE)
    assert isinstance(api.start(NUMBER, "sms"), NotSent)


def test_a_refusal_says_its_code_and_never_the_number() -> None:
    told = start(refusing(400, 60200, f"Invalid parameter `To`: {NUMBER}"))
    assert isinstance(told, Refused)
    assert (told.code, told.fault) == (60200, Fault.CONTENT)
    assert NUMBER[2:] not in told.explanation


@pytest.mark.parametrize(
    ("status", "told"),
    [("approved", "approved"), ("pending", "pending"), ("canceled", "gone"), ("expired", "gone"), (None, "gone")],
)
def test_a_code_is_right_wrong_or_too_late(status: str | None, told: str) -> None:
    assert check(answering(201, {"sid": SID, "status": status})) == Checked(told, SID)


@pytest.mark.parametrize("script", [refusing(404, 20404), refusing(429, 60202)])
def test_what_was_used_or_guessed_at_too_often_is_gone(script: Script) -> None:
    assert check(script).state == "gone"


@pytest.mark.parametrize("script", [closing, refusing(500, 20500), answering(201, {"sid": "x", "status": "approved"})])
def test_without_an_answer_nobody_is_let_in(script: Script) -> None:
    assert isinstance(check(script), Unreachable)


def test_a_check_too_many_at_once_is_no_answer() -> None:
    assert isinstance(check(refusing(429, 20429)), Throttled)


def test_a_check_names_the_verification_or_else_the_number() -> None:
    script = answering(201, {"sid": SID, "status": "pending"})
    bodies = [
        asked(script, lambda api, whose=whose: api.check("123456", **whose))[1].requests[0].body
        for whose in ({"sid": SID, "to": None}, {"sid": None, "to": NUMBER})
    ]
    assert bodies == [f"Code=123456&VerificationSid={SID}", "Code=123456&To=%2B14155550123"]
