"""What Twilio says of a registration, beside what messaging.toml says of it."""

from typing import Any

import pytest

from messaging_pipeline.doctor.finding import Finding
from messaging_pipeline.doctor.registration import judge_campaigns, judge_verifications
from messaging_pipeline.policies.compliance import Registration
from messaging_pipeline.twilio_api.registrations import Campaign, Verification

SAMPLE = "Hi {name}, your table is ready."


def a_campaign(**changes: Any) -> Campaign:
    values = {
        "word": "VERIFIED",
        "state": "approved",
        "use_case": "CUSTOMER_CARE",
        "has_links": True,
        "is_mock": False,
        "error_codes": (),
        "samples": (SAMPLE,),
    }
    return Campaign(**{**values, **changes})


def of_campaign(registration: Registration, *campaigns: Campaign) -> list[Finding]:
    return list(judge_campaigns("services.alerts", registration, campaigns))


@pytest.mark.parametrize(
    ("written", "word", "real", "state"),
    [
        ("approved", "VERIFIED", "approved", "ok"),
        ("approved", "PENDING", "pending", "error"),
        ("approved", "FAILED", "rejected", "error"),
        ("approved", "SUSPENDED", "rejected", "error"),
        ("approved", None, "none", "error"),
        ("pending", "VERIFIED", "approved", "warning"),
        ("pending", "IN_PROGRESS", "pending", "warning"),
        ("pending", "FAILED", "rejected", "warning"),
        ("none", None, "none", "warning"),
        (None, "VERIFIED", "approved", "ok"),
        (None, "FAILED", "rejected", "warning"),
        (None, None, "none", "warning"),
    ],
)
def test_what_is_written_is_weighed_against_what_is_so(written: Any, word: str | None, real: Any, state: str) -> None:
    campaigns = [a_campaign(word=word, state=real)] if word else []
    [finding] = of_campaign(Registration(ten_dlc=written), *campaigns)
    assert finding.state == state
    if written != real:
        assert f'ten_dlc = "{real}" in [services.alerts.registration]' in f"{finding.told} {finding.cure}"


def test_a_campaign_that_is_written_down_as_it_is_needs_no_more() -> None:
    written = Registration(ten_dlc="approved", use_case="CUSTOMER_CARE", links=True, samples=(SAMPLE + "  ",))
    assert [one.state for one in of_campaign(written, a_campaign())] == ["ok"]


@pytest.mark.parametrize(
    ("changes", "state", "word"),
    [
        ({"use_case": "MARKETING"}, "error", "registered for MARKETING"),
        ({"has_links": False}, "error", "without links"),
        ({"samples": ("Something else, {name}.",)}, "warning", "1 of its samples"),
        ({"is_mock": True}, "error", "mock"),
    ],
)
def test_what_the_gate_goes_by_must_be_what_was_registered(changes: dict[str, Any], state: str, word: str) -> None:
    written = Registration(ten_dlc="approved", use_case="CUSTOMER_CARE", links=("a.example",), samples=(SAMPLE,))
    [_, strays] = of_campaign(written, a_campaign(**changes))
    assert (strays.state, word in strays.told) == (state, True)


def test_why_a_campaign_was_rejected_is_told_and_no_sample_is() -> None:
    [finding] = of_campaign(Registration(), a_campaign(word="FAILED", state="rejected", error_codes=(30883, 30900)))
    assert "30883, 30900" in finding.told
    assert "table" not in str(finding)


def test_a_word_that_twilio_has_not_used_before_is_shown() -> None:
    [finding] = of_campaign(Registration(ten_dlc="approved"), a_campaign(word="HIBERNATING", state=None))
    assert (finding.state, "HIBERNATING" in finding.told) == ("warning", True)


def of_number(written: Any, *verifications: Verification) -> Finding:
    return judge_verifications("services.alerts", Registration(toll_free=written), "+1•••0199", verifications)


@pytest.mark.parametrize(
    ("written", "verifications", "state"),
    [
        ("verified", [Verification("TWILIO_APPROVED", "verified")], "ok"),
        ("verified", [Verification("IN_REVIEW", "pending")], "error"),
        ("verified", [], "error"),
        ("pending", [Verification("TWILIO_APPROVED", "verified")], "warning"),
        (None, [Verification("TWILIO_APPROVED", "verified")], "ok"),
        (None, [Verification("TWILIO_REJECTED", "rejected")], "warning"),
        (None, [Verification("ELSEWHERE", None)], "warning"),
    ],
)
def test_a_toll_free_number_is_weighed_alike(written: Any, verifications: list[Verification], state: str) -> None:
    assert of_number(written, *verifications).state == state


def test_a_verification_that_was_rejected_before_it_was_approved_is_approved() -> None:
    both = Verification("TWILIO_REJECTED", "rejected"), Verification("TWILIO_APPROVED", "verified")
    assert of_number("verified", *both).state == "ok"
