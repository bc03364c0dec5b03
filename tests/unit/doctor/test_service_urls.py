"""URLs at Twilio beside ours: which are the same, which ask for retries, and what of them may be shown."""

import pytest

from messaging_pipeline.doctor.service_settings import is_retrying, is_same, retrying, shown

OURS = "https://sms.example.com/twilio/inbound"


@pytest.mark.parametrize("url", [OURS, OURS + "/", OURS + "#rc=5&rp=all", "HTTPS://SMS.example.com/twilio/inbound"])
def test_a_fragment_a_slash_and_capitals_of_the_host_make_no_other_place(url: str) -> None:
    assert is_same(url, OURS)


@pytest.mark.parametrize(
    "url",
    ["https://sms.example.com/Twilio/inbound", OURS + "?a=1", "http://sms.example.com/twilio/inbound", OURS + "/x"],
)
def test_anything_else_does(url: str) -> None:
    assert not is_same(url, OURS)


@pytest.mark.parametrize(
    ("fragment", "is_enough"), [("rc=5&rp=all", True), ("rc=2&rp=ct,5xx&ct=2000", True), ("rc=5", False), ("", False)]
)
def test_one_retry_of_a_failed_connect_is_twilios_default_and_not_enough(fragment: str, is_enough: bool) -> None:
    assert is_retrying(f"{OURS}#{fragment}") is is_enough


def test_retries_replace_another_fragment() -> None:
    assert retrying(OURS + "#rc=1") == OURS + "#rc=5&rp=all"


def test_neither_credentials_nor_a_query_are_shown() -> None:
    assert shown("https://me:hunter2@sms.example.com:8443/in?key=secret#rc=1") == "https://sms.example.com:8443/in"
