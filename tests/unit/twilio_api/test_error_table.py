"""Codes that the table does not hold, and HTTP statuses that speak for them."""

import pytest

from messaging_pipeline.twilio_api.error_table import classify_refusal, known_errors, look_up
from messaging_pipeline.twilio_api.outcome import Fault

UNLISTED = 39999


def test_a_listed_code_is_looked_up() -> None:
    row = look_up(30003)
    assert (row.code, row.fault, row.in_doubt) == (30003, Fault.TRANSIENT, False)
    assert row.documentation_url == "https://www.twilio.com/docs/api/errors/30003"


def test_an_unlisted_code_accuses_nobody_and_proves_nothing() -> None:
    assert UNLISTED not in known_errors()
    row = look_up(UNLISTED)
    assert (row.code, row.fault, row.in_doubt) == (UNLISTED, Fault.TRANSIENT, True)


@pytest.mark.parametrize(
    ("http_status", "fault"),
    [
        (302, Fault.ACCOUNT),
        (400, Fault.CONTENT),
        (401, Fault.ACCOUNT),
        (403, Fault.ACCOUNT),
        (404, Fault.ACCOUNT),
        (407, Fault.ACCOUNT),
        (413, Fault.CONTENT),
        (429, Fault.THROTTLED),
        (503, Fault.TRANSIENT),
    ],
)
def test_an_unlisted_code_is_judged_by_its_http_status(http_status: int, fault: Fault) -> None:
    assert classify_refusal(http_status, UNLISTED) is fault


def test_a_listed_code_outweighs_its_http_status() -> None:
    assert classify_refusal(404, 21701) is Fault.SENDER


def test_under_429_every_code_is_about_a_limit() -> None:
    assert classify_refusal(429, 21211) is Fault.THROTTLED
