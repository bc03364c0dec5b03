"""A code as a message: the arguments with which it is handed over."""

from datetime import UTC, datetime, timedelta

import pytest

from messaging_pipeline.errors import InvalidInput
from messaging_pipeline.one_time_codes.by_message import code_message
from tests.support.factories import RECIPIENT

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_a_code_goes_before_others_and_is_not_sent_when_it_is_too_late() -> None:
    made = code_message(to=RECIPIENT, body="4711 is your code.", now=NOON)
    assert (made["priority"], made["tags"], made["expires_at"]) == (
        "high",
        {"intent": "otp"},
        NOON + timedelta(minutes=10),
    )


def test_a_code_goes_by_no_other_way_unless_its_sender_says_so() -> None:
    step = {"channel": "email", "to": "ada@example.com"}
    assert code_message(to=RECIPIENT, body="x", now=NOON)["fallback"] == []
    assert code_message(to=RECIPIENT, body="x", now=NOON, fallback=[step])["fallback"] == [step]


def test_tags_of_the_callers_own_are_kept_but_for_the_intent() -> None:
    made = code_message(to=RECIPIENT, body="x", now=NOON, tags={"intent": "marketing", "flow": "login"})
    assert made["tags"] == {"intent": "otp", "flow": "login"}


@pytest.mark.parametrize("valid_for", [timedelta(), timedelta(seconds=-1), timedelta(days=1, seconds=1)])
def test_a_validity_of_nothing_or_of_days_is_refused(valid_for: timedelta) -> None:
    with pytest.raises(InvalidInput) as refusal:
        code_message(to=RECIPIENT, body="x", now=NOON, valid_for=valid_for)
    assert refusal.value.field == "valid_for"
