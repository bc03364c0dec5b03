"""What Twilio answers when it is asked what is registered, read through the official client."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from messaging_pipeline.simulator.configuration import DEFAULT_ACCOUNT_SID, DEFAULT_AUTH_TOKEN
from messaging_pipeline.twilio_api.client import TwilioApi
from messaging_pipeline.twilio_api.registrations import Campaign, Registrations, Verification
from messaging_pipeline.twilio_api.remote_messages import AccountRefused, Missing, Throttled, Unreachable
from tests.support.simulated_twilio import SERVICE
from tests.support.stand_in import Script, answering, refusing, resetting, stand_in

NUMBER = "PN" + "1" * 32


@contextmanager
def registrations(script: Script) -> Iterator[Registrations]:
    with stand_in(script) as it:
        urls = {"accounts_base_url": it.url, "messaging_base_url": it.url}
        api = TwilioApi(DEFAULT_ACCOUNT_SID, DEFAULT_AUTH_TOKEN, it.url, read_timeout_seconds=1, **urls)
        try:
            yield api.registrations
        finally:
            api.close()


def a_page(key: str, *records: object) -> Script:
    return answering(200, {"meta": {"key": key, "next_page_url": None}, key: list(records)})


def test_a_campaign_is_read_with_what_the_gates_go_by() -> None:
    record = {
        "sid": "QE" + "1" * 32,
        "campaign_status": "FAILED",
        "us_app_to_person_usecase": "MARKETING",
        "has_embedded_links": True,
        "mock": True,
        "errors": [{"error_code": 30883, "fields": ["MESSAGE_FLOW"]}, "odd", {"error_code": "none"}],
        "message_samples": ["Half price, {name}.", None],
    }
    with registrations(a_page("compliance", record)) as asked:
        [campaign] = asked.campaigns(SERVICE)  # type: ignore[misc]  # it is a tuple
    assert campaign == Campaign("FAILED", "rejected", "MARKETING", True, True, (30883,), ("Half price, {name}.",))


def test_fields_that_are_not_there_put_nothing_in_doubt() -> None:
    with registrations(a_page("compliance", {})) as asked:
        assert asked.campaigns(SERVICE) == (Campaign("", None, None, False, False, (), ()),)
    with registrations(a_page("verifications", {"status": "IN_REVIEW"}, {})) as asked:
        assert asked.verifications(NUMBER) == (Verification("IN_REVIEW", "pending"), Verification("", None))


def test_geo_permissions_are_read_by_country() -> None:
    told = [{"country_code": "US", "enabled": True}, {"country_code": "IN", "enabled": False}, {"enabled": True}, "odd"]
    with registrations(answering(200, {"permissions": told})) as asked:
        assert asked.countries() == {"US": True, "IN": False}


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (refusing(401, 20003), AccountRefused),
        (refusing(404, 20404), Missing),
        (refusing(429, 20429), Throttled),
        (refusing(500, 20500), Unreachable),
        (answering(200, "not JSON"), Unreachable),
        (resetting, Unreachable),
    ],
    ids=["refused", "missing", "throttled", "broken", "unreadable", "reset"],
)
def test_an_answer_that_tells_nothing_is_named(script: Script, kind: type) -> None:
    with registrations(script) as asked:
        assert isinstance(asked.campaigns(SERVICE), kind)
        assert isinstance(asked.countries(), kind)
