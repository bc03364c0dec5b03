"""The addresses that Twilio is told, from the few that are configured."""

import pytest

from messaging_pipeline.doctor.addresses import Door, told_address
from tests.support.factories import settings

STATUS, INBOUND = "TWILIO_STATUS_CALLBACK_PUBLIC_URL", "TWILIO_INBOUND_WEBHOOK_PUBLIC_URL"


@pytest.mark.parametrize(
    ("door", "tenant", "address"),
    [
        ("status", "default", "https://a.example/x/twilio/status"),
        ("inbound", "default", "https://a.example/x/twilio/inbound"),
        ("fallback", "default", "https://a.example/x/twilio/fallback"),
        ("voice", "acme", "https://a.example/x/twilio/t/acme/voice"),
        ("inbound", "acme", "https://a.example/x/twilio/t/acme/inbound"),
    ],
)
def test_one_address_tells_those_beside_it(door: Door, tenant: str, address: str) -> None:
    of = settings(**{STATUS: "https://a.example/x/twilio/status"})
    assert told_address(of, door, tenant) == address


def test_an_address_of_its_own_goes_first() -> None:
    of = settings(**{INBOUND: "https://b.example/twilio/inbound#rc=2"})
    assert told_address(of, "inbound", "default") == "https://b.example/twilio/inbound"
    assert told_address(of, "inbound", "acme") == "https://b.example/twilio/t/acme/inbound"
    assert told_address(of, "fallback", "default") == "https://b.example/twilio/fallback"


def test_behind_a_proxy_that_renames_routes_only_what_was_told_is_known() -> None:
    of = settings(**{STATUS: "https://a.example/hooks/sms"})
    assert told_address(of, "status", "default") == "https://a.example/hooks/sms"
    assert told_address(of, "status", "acme") is None
    assert told_address(of, "inbound", "default") is None
