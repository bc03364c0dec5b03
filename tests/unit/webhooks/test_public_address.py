"""From what a request looks like here to the address that Twilio called."""

from io import BytesIO
from typing import Any

import pytest
from werkzeug.test import EnvironBuilder

from messaging_pipeline.errors import InvalidSettings
from tests.support.factories import settings
from webhooks.public_address import PublicAddress, public_addresses, raw_target

STATUS = "/twilio/status"
MESSAGE = "0191e5c0-0000-7000-8000-000000000001"
VOICE_URL = "TWILIO_VOICE_WEBHOOK_PUBLIC_URL"
STATUS_URL, INBOUND_URL = "TWILIO_STATUS_CALLBACK_PUBLIC_URL", "TWILIO_INBOUND_WEBHOOK_PUBLIC_URL"


@pytest.mark.parametrize(
    ("public_url", "target", "address"),
    [
        ("https://h.example/twilio/status", STATUS, "https://h.example/twilio/status"),
        ("https://h.example/twilio/status/", STATUS, "https://h.example/twilio/status"),
        ("http://h.example/twilio/status", STATUS, "http://h.example/twilio/status"),
        ("https://h.example:8443/twilio/status", STATUS, "https://h.example:8443/twilio/status"),
        ("https://h.example/twilio/status", f"{STATUS}/{MESSAGE}", f"https://h.example/twilio/status/{MESSAGE}"),
        ("https://h.example/twilio/status", f"{STATUS}?a=%3A&b=+", "https://h.example/twilio/status?a=%3A&b=+"),
        ("https://h.example/twilio/status?key=1", f"{STATUS}?key=1", "https://h.example/twilio/status?key=1"),
        ("https://h.example/twilio/status#rc=5", STATUS, "https://h.example/twilio/status"),
        ("https://h.example/twilio/status", "/twilio/t/acme/status", "https://h.example/twilio/t/acme/status"),
        ("https://h.example/sms/twilio/status", STATUS, "https://h.example/sms/twilio/status"),
        ("https://h.example/sms/twilio/status", "/twilio/t/a/status/x", "https://h.example/sms/twilio/t/a/status/x"),
        ("https://h.example/sms-events", STATUS, "https://h.example/sms-events"),
        ("https://h.example/sms-events", f"{STATUS}/{MESSAGE}?a=1", f"https://h.example/sms-events/{MESSAGE}?a=1"),
        ("https://h.example", f"{STATUS}/{MESSAGE}", f"https://h.example/{MESSAGE}"),
    ],
)
def test_the_address_is_the_public_one_with_the_rest_of_the_target(public_url: str, target: str, address: str) -> None:
    assert PublicAddress(public_url, STATUS).of(target) == address


def test_each_kind_of_webhook_has_the_address_that_is_configured_for_it() -> None:
    addresses = public_addresses(settings(**{STATUS_URL: "https://a.example/s", INBOUND_URL: "https://b.example/i"}))
    assert addresses["status"].of("/twilio/status") == "https://a.example/s"
    assert addresses["inbound"].of("/twilio/inbound") == "https://b.example/i"


def test_calls_are_taken_beside_inbound_messages_unless_they_have_an_address_of_their_own() -> None:
    given = {STATUS_URL: "https://a.example/s", INBOUND_URL: "https://b.example/twilio/inbound"}
    assert public_addresses(settings(**given))["voice"].of("/twilio/voice") == "https://b.example/twilio/voice"
    own = public_addresses(settings(**given, **{VOICE_URL: "https://calls.example/missed"}))
    assert own["voice"].of("/twilio/voice?a=1") == "https://calls.example/missed?a=1"
    assert own["inbound"].of("/twilio/inbound") == "https://b.example/twilio/inbound"


def test_the_status_address_tells_where_inbound_messages_come_in_too() -> None:
    addresses = public_addresses(settings(**{STATUS_URL: "https://h.example/sms/twilio/status"}))
    assert addresses["inbound"].of("/twilio/fallback") == "https://h.example/sms/twilio/fallback"


def test_the_inbound_address_tells_where_callbacks_come_in_too() -> None:
    addresses = public_addresses(settings(**{STATUS_URL: None, INBOUND_URL: "https://h.example/twilio/inbound"}))
    assert addresses["status"].of(f"{STATUS}/{MESSAGE}") == f"https://h.example/twilio/status/{MESSAGE}"


def test_without_any_public_address_nothing_could_be_verified() -> None:
    with pytest.raises(InvalidSettings) as refusal:
        public_addresses(settings(**{STATUS_URL: None}))
    assert refusal.value.setting == STATUS_URL


def environ(**changes: Any) -> dict[str, Any]:
    """An environment as a WSGI server without any extras makes it."""
    return {"REQUEST_METHOD": "POST", "PATH_INFO": STATUS, "QUERY_STRING": "", "wsgi.input": BytesIO(), **changes}


@pytest.mark.parametrize(
    ("given", "target"),
    [
        ({"RAW_URI": f"{STATUS}?a=%7E"}, f"{STATUS}?a=%7E"),
        ({"REQUEST_URI": f"{STATUS}?a=%7E"}, f"{STATUS}?a=%7E"),
        ({"RAW_URI": f"http://inner.example:8000{STATUS}?a=1"}, f"{STATUS}?a=1"),
        ({"RAW_URI": "http://inner.example"}, "/"),
        ({"QUERY_STRING": "a=%3A%40&b='"}, f"{STATUS}?a=%3A%40&b='"),
        ({"PATH_INFO": f"{STATUS}/{MESSAGE}"}, f"{STATUS}/{MESSAGE}"),
        ({"PATH_INFO": "/twilio/t/caf\u00c3\u00a9/status"}, "/twilio/t/caf%C3%A9/status"),
        ({"PATH_INFO": "/twilio/a b%"}, "/twilio/a%20b%25"),
        ({"PATH_INFO": ""}, ""),
    ],
)
def test_the_target_is_as_it_was_requested_or_rebuilt(given: dict[str, str], target: str) -> None:
    assert raw_target(environ(**given)) == target


def test_a_raw_target_goes_before_a_decoded_path() -> None:
    request = EnvironBuilder(method="POST", path="/twilio/status?a=%3A", base_url="http://inner.example").get_environ()
    assert raw_target({**request, "PATH_INFO": "/something/else"}) == "/twilio/status?a=%3A"
