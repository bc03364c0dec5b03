"""Signatures published by Twilio, each of which must verify, and fail when anything is changed."""

from typing import Any

import pytest

from messaging_pipeline.twilio_api.signature import sign, verify, verify_body
from tests.support.twilio_vectors import recorded

ROWS = recorded("signature_vectors")["rows"]
VECTORS = [pytest.param(row, id=row["id"]) for row in ROWS if row["verifies"]]
OVER_FORMS = [pytest.param(row, id=row["id"]) for row in ROWS if row["verifies"] and row["body"] is None]
SIGNED_BY_TOKEN = [param for param in OVER_FORMS if param.values[0]["algorithm"] == "HMAC_SHA1"]


def form_of(row: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (key, value)
        for key, values in (row["params"] or {}).items()
        for value in (values if isinstance(values, list) else [values])
    ]


def settings_of(row: dict[str, Any]) -> str | None:
    return None if row["algorithm"] == "HMAC_SHA1" else f"key=webhooks_1,algorithm={row['algorithm']}"


def verified(row: dict[str, Any], **changes: Any) -> int | None:
    row = {**row, **changes}
    tokens = ["of another account", row["token"]]
    if row["body"] is not None:
        return verify_body(row["url"], row["body"].encode(), row["signature"], tokens, settings_of(row))
    return verify(row["url"], form_of(row), row["signature"], tokens, settings_of(row))


@pytest.mark.parametrize("row", VECTORS)
def test_a_published_signature_verifies_under_its_token(row: dict[str, Any]) -> None:
    assert verified(row) == 1


@pytest.mark.parametrize("row", VECTORS)
def test_no_published_signature_verifies_under_another_token(row: dict[str, Any]) -> None:
    assert verified(row, token="54321") is None


@pytest.mark.parametrize("row", VECTORS)
def test_no_published_signature_verifies_for_another_address(row: dict[str, Any]) -> None:
    assert verified(row, url=row["url"].replace("://", "://not-")) is None


@pytest.mark.parametrize("row", OVER_FORMS)
def test_no_published_signature_verifies_with_one_parameter_more(row: dict[str, Any]) -> None:
    assert verified(row, params={**(row["params"] or {}), "Extra": "1"}) is None


@pytest.mark.parametrize("row", SIGNED_BY_TOKEN)
def test_our_own_signature_is_the_published_one(row: dict[str, Any]) -> None:
    assert sign(row["signed_url"], form_of(row), row["token"]) == row["signature"]


def test_a_quote_that_the_sender_escaped_and_we_received_bare_does_not_verify() -> None:
    """Twilio signs the address as configured; only its Node library also tries the escaped spelling."""
    (row,) = (row for row in ROWS if not row["verifies"])
    assert verified(row) is None
    assert verified(row, url=row["signed_url"]) == 1


def test_the_signed_string_has_no_delimiters_and_so_two_forms_may_share_a_signature() -> None:
    """Not a wish but a fact, and the reason why nothing may be read from how a form was cut."""
    assert sign("https://h.example/x", [("ab", "c")], "t") == sign("https://h.example/x", [("a", "bc")], "t")
