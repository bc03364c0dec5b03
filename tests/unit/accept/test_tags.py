"""Tags that mean something: what is nearly one of them is refused with the one that was meant, other words are not."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from messaging_pipeline.accept.request import parse_send_request
from messaging_pipeline.accept.tags import refuse_slips
from messaging_pipeline.configuration import load_configuration
from messaging_pipeline.errors import InvalidInput
from tests.support.factories import a_send, configuration_file, settings

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DECLARED = """
[tenants.default.consent]
required_for = ["*", "newsletter"]

[services.default.quiet_hours]
exempt_intents = ["otp", "fraud-alert"]
intents = { reminder = { from = "22:00", to = "07:00" } }

[services.default.first_message]
opt_out_text = "Reply STOP to opt out"
exempt_intents = ["welcome"]
"""


def hand_in(folder: Path, tags: dict[str, str]) -> None:
    request = parse_send_request(a_send(tags=tags), NOW)
    refuse_slips(request, load_configuration(settings(MESSAGING_CONFIG=configuration_file(folder, DECLARED))))


@pytest.mark.parametrize(
    ("tags", "field", "meant"),
    [
        ({"intent": "marketting"}, "tags.intent", "marketing"),
        ({"intent": "Marketing"}, "tags.intent", "marketing"),
        ({"intent": "OTP"}, "tags.intent", "otp"),
        ({"intent": "otpp"}, "tags.intent", "otp"),
        ({"intent": "fraud_alert"}, "tags.intent", "fraud-alert"),
        ({"intent": "reminders"}, "tags.intent", "reminder"),
        ({"intent": "newsleter"}, "tags.intent", "newsletter"),
        ({"intent": "welcom"}, "tags.intent", "welcome"),
        ({"Intent": "otp"}, "tags.Intent", "intent"),
        ({"timezone": "America/Denver"}, "tags.timezone", "time_zone"),
        ({"time-zone": "America/Denver"}, "tags.time-zone", "time_zone"),
        ({"notfy": "orders"}, "tags.notfy", "notify"),
    ],
)
def test_a_slip_is_refused_with_what_was_meant(tmp_path: Path, tags: dict[str, str], field: str, meant: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        hand_in(tmp_path, tags)
    assert refusal.value.field == field
    assert refusal.value.remedy.startswith(f"did you mean `{meant}`?")


@pytest.mark.parametrize(
    "tags",
    [
        {"intent": word}
        for word in (
            "otp",
            "marketing",
            "reply",
            "fraud-alert",
            "reminder",
            "newsletter",
            "welcome",
            "market",
            "orders",
        )
    ]
    + [{"content": "x"}, {"zone": "west"}, {"campaign": "otpp"}, {"notified": "no"}],
)
def test_words_that_mean_something_and_words_of_ones_own_are_taken(tmp_path: Path, tags: dict[str, str]) -> None:
    hand_in(tmp_path, tags)


@pytest.mark.parametrize(
    ("zone", "cure"),
    [
        ("america/denver", "did you mean America/Denver?"),
        ("America/New York", "did you mean America/New_York?"),
        ("Denver", "did you mean America/Denver?"),
        ("Europe/Berln", "did you mean Europe/Berlin?"),
        ("nowhere at all", "give a name of the IANA database, such as America/Los_Angeles"),
    ],
)
def test_a_time_zone_that_is_none_is_told_which_is_near(zone: str, cure: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse_send_request(a_send(tags={"time_zone": zone}), NOW)
    assert (refusal.value.field, refusal.value.remedy) == ("tags.time_zone", cure)
