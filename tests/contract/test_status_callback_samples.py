"""Status callbacks as Twilio documents them."""

from typing import Any

import pytest

from messaging_pipeline.twilio_api.callbacks import StatusCallback, parse_status_callback
from messaging_pipeline.twilio_api.error_table import known_errors
from tests.support.twilio_vectors import recorded

SAMPLES = recorded("webhooks")["status_callbacks"]


@pytest.mark.parametrize("form", [pytest.param(form, id=form["MessageStatus"]) for form in SAMPLES])
def test_a_documented_callback_is_understood(form: dict[str, str]) -> None:
    error_code = int(form["ErrorCode"]) if "ErrorCode" in form else None
    assert parse_status_callback(form) == StatusCallback(
        sid=form["MessageSid"],
        status=form["MessageStatus"],
        error_code=error_code,
        account_sid=form["AccountSid"],
        raw_dlr_done_date=form.get("RawDlrDoneDate"),
    )


def _codes_in(node: Any) -> set[int]:
    """All that looks like an error code in recorded data, wherever it stands."""
    if isinstance(node, dict):
        return set().union(*map(_codes_in, node.values()))
    if isinstance(node, list):
        return set().union(*map(_codes_in, node))
    return {int(node)} if str(node).isdigit() and 10_000 <= int(node) <= 99_999 else set()


def test_every_error_code_in_recorded_callbacks_and_test_credentials_is_in_our_table() -> None:
    seen = _codes_in(SAMPLES) | _codes_in(recorded("webhooks")["test_credentials"])
    assert len(seen) > 5
    assert seen <= set(known_errors())
