"""What an answer of Twilio Lookup says of a number, over real sockets."""

from typing import Any

import pytest

from messaging_pipeline.ids import E164
from messaging_pipeline.twilio_api.lookups_api import LookupsApi
from messaging_pipeline.twilio_api.remote_messages import AccountRefused, Missing, Throttled, Unreachable
from tests.support.stand_in import Script, StandIn, answering, closing, never_answering, refusing, stand_in

NUMBER = E164("+14155550123")


def told_and_server(script: Script, read_timeout_seconds: float = 30.0) -> tuple[Any, StandIn]:
    with stand_in(script) as server:
        api = LookupsApi("AC" + "0" * 32, "secret", server.url, read_timeout_seconds=read_timeout_seconds)
        try:
            return api.line_type(NUMBER), server
        finally:
            api.close()


def told(script: Script, read_timeout_seconds: float = 30.0) -> Any:
    return told_and_server(script, read_timeout_seconds)[0]


def saying(**answer: Any) -> Script:
    return answering(200, {"phone_number": NUMBER, "valid": True, "validation_errors": [], **answer})


def test_it_asks_once_for_the_type_of_the_line_and_for_nothing_else() -> None:
    line_type, server = told_and_server(saying(line_type_intelligence={"type": "nonFixedVoip", "error_code": None}))
    assert line_type == "nonFixedVoip"
    (request,) = server.requests
    assert request.target.replace("%2B", "+") == f"/v2/PhoneNumbers/{NUMBER}?Fields=line_type_intelligence"


@pytest.mark.parametrize(
    ("answer", "line_type"),
    [
        ({"line_type_intelligence": {"type": "landline"}}, "landline"),
        ({"line_type_intelligence": {"type": None, "error_code": 60600}}, "unknown"),
        ({"line_type_intelligence": {"type": "no type\n"}}, "unknown"),
        ({"line_type_intelligence": None}, "unknown"),
        ({"valid": False, "validation_errors": ["TOO_SHORT"]}, "invalid"),
        ({"valid": False, "validation_errors": ["INVALID_BUT_POSSIBLE"]}, "unknown"),
    ],
)
def test_only_a_proof_makes_a_number_a_landline_or_invalid(answer: dict[str, Any], line_type: str) -> None:
    assert told(saying(**answer)) == line_type


@pytest.mark.parametrize(
    "script",
    [
        closing,
        refusing(500, 20500),
        answering(200, "<html>"),
        answering(200, {"valid": "yes"}),
        saying(line_type_intelligence=["landline"]),
        saying(valid=False, validation_errors=7),
    ],
)
def test_what_cannot_be_read_says_nothing(script: Script) -> None:
    assert isinstance(told(script), Unreachable)


def test_a_lookup_that_says_nothing_is_not_waited_for() -> None:
    assert isinstance(told(never_answering, read_timeout_seconds=0.2), Unreachable)


def test_refusals_tell_whom_they_are_about() -> None:
    assert isinstance(told(refusing(429, 20429)), Throttled)
    assert told(refusing(401, 20003)) == AccountRefused(20003, 401)
    assert told(refusing(404, 20404)) == Missing()
