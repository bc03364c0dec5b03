"""What strays from a campaign is warned of or refused: purpose, links, likeness to the samples; shorteners always."""

import pytest

from messaging_pipeline.gates.campaign import ask
from messaging_pipeline.gates.verdict import Verdict
from messaging_pipeline.policies.compliance import Registration
from tests.support.asking_gates import a_question


def said(use_case: str | None = None, intent: str | None = None, content: str = "warn", **changes: str) -> Verdict:
    return said_by(Registration(use_case=use_case, content=content), intent, **changes)


def said_by(registration: Registration, intent: str | None = None, **changes: str) -> Verdict:
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
        (None, "marketing", "warns"),
        (None, "otp", "passes"),
    ],
)
def test_an_intent_must_fit_the_use_case_that_was_registered(
    use_case: str | None, intent: str | None, outcome: str
) -> None:
    assert said(use_case, intent).outcome == outcome


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ("See bit.ly/3xyz", "refused"),
        ("See https://www.TinyURL.com/3xyz now", "refused"),
        ("(t.co/abc)", "refused"),
        ("See https://example.com/bit.ly", "passes"),
        ("See https://example.com/?to=rabbit.ly/x", "passes"),
        ("We are bit.ly", "passes"),
        ("Call at.com/x, not t.co.uk/x", "passes"),
        ("Your table is ready.", "passes"),
    ],
)
def test_links_of_public_shorteners_are_refused(body: str, outcome: str) -> None:
    assert said(body=body).outcome == outcome


def test_what_strays_is_refused_where_the_registration_says_block() -> None:
    assert said("2FA", "marketing", "block").outcome == "refused"
    assert said("MARKETING", "marketing", "block").outcome == "passes"


def test_only_recipients_in_the_us_are_looked_at() -> None:
    for abroad in ("+442071234567", "+14165550123", "+18095550123"):
        assert said("2FA", "marketing", "block", to=abroad, body="bit.ly/3xyz").outcome == "passes"


@pytest.mark.parametrize("territory", ["+17875550123", "+13405550123", "+16715550123", "+16845550123", "+16705550123"])
def test_its_territories_count_to_the_us(territory: str) -> None:
    assert said("2FA", "marketing", "block", to=territory).outcome == "refused"


@pytest.mark.parametrize(
    ("links", "body", "outcome"),
    [
        (None, "See example.com/menu", "passes"),
        (True, "See example.com/menu", "passes"),
        (False, "See example.com/menu", "warns"),
        (False, "Your table is ready.", "passes"),
        (("example.com",), "See https://shop.example.com/menu", "passes"),
        (("example.com",), "See example.com/menu or example.org/menu", "warns"),
        (("example.com",), "See example.com.evil.example/menu", "warns"),
        (True, "See bit.ly/3xyz", "refused"),
        (("bit.ly",), "See bit.ly/3xyz", "passes"),
    ],
)
def test_links_are_those_that_were_registered(links: bool | tuple[str, ...] | None, body: str, outcome: str) -> None:
    assert said_by(Registration(links=links), body=body).outcome == outcome
    blocking = said_by(Registration(links=links, content="block"), body=body).outcome
    assert blocking == ("refused" if outcome == "warns" else outcome)


SAMPLES = ("Hi {name}, your table for {count} is ready.", "Your order {number} is on its way to you, {name}.")


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ("Hi Ada, your table for two is ready.", "passes"),
        ("Your order 4711 is on its way to you, Ada! Reply STOP to opt out", "passes"),
        ("Your table is ready.", "passes"),
        ("Half price on all shoes until Sunday, only at our shop!", "warns"),
        ("You won the lottery", "warns"),
    ],
)
def test_a_text_must_be_like_one_of_the_samples(body: str, outcome: str) -> None:
    assert said_by(Registration(samples=SAMPLES), body=body).outcome == outcome
    blocking = said_by(Registration(samples=SAMPLES, on_drift="block"), body=body).outcome
    assert blocking == ("refused" if outcome == "warns" else outcome)


def test_how_alike_they_must_be_is_for_the_registration_to_say() -> None:
    strict = Registration(samples=SAMPLES, least_likeness=1.0)
    assert said_by(strict, body="Your table is ready.").outcome == "warns"
    verdict = said_by(Registration(samples=SAMPLES), body="Hi Ada, half price on shoes")
    assert "17% of the words are those of the nearest, sample 1, and 40% are asked for" in verdict.reason


def test_several_warnings_are_told_together_and_a_refusal_alone() -> None:
    registration = Registration(use_case="2FA", links=False, samples=SAMPLES)
    verdict = said_by(registration, "marketing", body="Half price! See example.com/shoes")
    assert (verdict.outcome, verdict.reason.count(";")) == ("warns", 2)
    drifting = Registration(use_case="2FA", links=False, samples=SAMPLES, on_drift="block")
    alone = said_by(drifting, "marketing", body="No")
    assert alone.outcome == "refused"
    assert alone.reason.startswith("the text is like none of the campaign's samples")


def test_media_without_a_text_stray_from_nothing() -> None:
    assert said_by(Registration(links=False, samples=SAMPLES, on_drift="block"), body=None).outcome == "passes"


def test_the_reason_repeats_no_text() -> None:
    verdict = said(body="Dear Ada, see bit.ly/secret")
    assert "bit.ly" in verdict.reason
    assert "secret" not in verdict.reason + verdict.remedy
