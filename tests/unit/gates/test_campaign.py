"""What strays from a campaign is warned of or refused: the wrong purpose, and links behind public shorteners."""

import pytest

from messaging_pipeline.compliance_policy import Registration
from messaging_pipeline.gates.campaign import ask
from messaging_pipeline.gates.verdict import Verdict
from tests.support.asking_gates import a_question


def said(use_case: str | None = None, intent: str | None = None, content: str = "warn", **changes: str) -> Verdict:
    registration = Registration(use_case=use_case, content=content)
    tags = {} if intent is None else {"intent": intent}
    return ask(a_question(registration=registration, tags=tags, **{"body": "Hello", **changes}))


@pytest.mark.parametrize(
    ("use_case", "intent", "outcome"),
    [
        ("MARKETING", "marketing", "passes"),
        ("MIXED", "marketing", "passes"),
        ("2FA", "marketing", "warns"),
        ("CUSTOMER_CARE", "marketing", "warns"),
        ("2FA", "otp", "passes"),
        ("LOW_VOLUME", "otp", "passes"),
        ("MARKETING", "otp", "warns"),
        ("CUSTOMER_CARE", "reminder", "passes"),
        ("CUSTOMER_CARE", None, "passes"),
        (None, "marketing", "passes"),
    ],
)
def test_an_intent_must_fit_the_use_case_that_was_registered(
    use_case: str | None, intent: str | None, outcome: str
) -> None:
    assert said(use_case, intent).outcome == outcome


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ("See bit.ly/3xyz", "warns"),
        ("See https://www.TinyURL.com/3xyz now", "warns"),
        ("(t.co/abc)", "warns"),
        ("See https://example.com/bit.ly", "passes"),
        ("See https://example.com/?to=rabbit.ly/x", "passes"),
        ("We are bit.ly", "passes"),
        ("Call at.com/x, not t.co.uk/x", "passes"),
        ("Your table is ready.", "passes"),
    ],
)
def test_links_of_public_shorteners_are_seen(body: str, outcome: str) -> None:
    assert said(body=body).outcome == outcome


def test_what_strays_is_refused_where_the_registration_says_block() -> None:
    assert said("2FA", "marketing", "block").outcome == "refused"
    assert said(content="block", body="See bit.ly/3xyz").outcome == "refused"
    assert said("MARKETING", "marketing", "block").outcome == "passes"


def test_only_recipients_in_the_us_are_looked_at() -> None:
    for abroad in ("+442071234567", "+14165550123"):
        assert said("2FA", "marketing", "block", to=abroad, body="bit.ly/3xyz").outcome == "passes"


def test_the_reason_repeats_no_text() -> None:
    verdict = said(body="Dear Ada, see bit.ly/secret")
    assert "bit.ly" in verdict.reason
    assert "secret" not in verdict.reason + verdict.remedy
