"""What an answer of Twilio Lookup says of a number, over real sockets."""

from typing import Any

import pytest

from messaging_pipeline.ids import E164
from messaging_pipeline.twilio_api.lookups_api import LookupsApi, NumberLine
from messaging_pipeline.twilio_api.remote_messages import AccountRefused, Missing, Throttled, Unreachable
from tests.support.stand_in import Script, StandIn, answering, closing, never_answering, refusing, stand_in

NUMBER = E164("+14155550123")


def told_and_server(script: Script, read_timeout_seconds: float = 30.0) -> tuple[Any, StandIn]:
    with stand_in(script) as server:
        api = LookupsApi("AC" + "0" * 32, "secret", server.url, read_timeout_seconds=read_timeout_seconds)
        try:
            return api.line(NUMBER), server
        finally:
            api.close()


def told(script: Script, read_timeout_seconds: float = 30.0) -> Any:
    return told_and_server(script, read_timeout_seconds)[0]


def saying(**answer: Any) -> Script:
    return answering(200, {"phone_number": NUMBER, "valid": True, "validation_errors": [], **answer})


def test_it_asks_once_for_the_type_of_the_line_and_for_nothing_else() -> None:
    line, server = told_and_server(saying(line_type_intelligence={"type": "nonFixedVoip", "error_code": None}))
    assert line == NumberLine("nonFixedVoip", None)
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
    assert told(saying(**answer)).line_type == line_type


@pytest.mark.parametrize(
    ("answer", "carrier"),
    [
        ({"carrier_name": "AT&T Wireless"}, "AT&T Wireless"),
        ({"carrier_name": "  T-Mobile\tUSA,  Inc. "}, "T-Mobile USA Inc."),
        ({"carrier_name": 'Télé{service="x"}\n#2'}, "Télé service x 2"),
        ({"carrier_name": "N" * 100}, "N" * 40),
        ({"mobile_country_code": "310", "mobile_network_code": "410"}, "310-410"),
        ({"carrier_name": "", "mobile_country_code": "240", "mobile_network_code": "01"}, "240-01"),
        ({"carrier_name": "+1 415 555 0123"}, None),
        ({"carrier_name": "Line 415-555-0123", "mobile_country_code": "310"}, None),
        ({"carrier_name": "+1_415_555_0123"}, None),
        ({"carrier_name": ["x"], "mobile_country_code": "3101", "mobile_network_code": "1"}, None),
        ({"carrier_name": None}, None),
    ],
)
def test_a_carrier_has_a_name_that_may_be_a_label_or_the_codes_of_its_network(
    answer: dict[str, Any], carrier: str | None
) -> None:
    assert told(saying(line_type_intelligence={"type": "mobile", **answer})) == NumberLine("mobile", carrier)


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
