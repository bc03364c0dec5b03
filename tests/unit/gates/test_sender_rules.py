"""Which sender may write to which country, by its kind and its registration."""

import pytest

from messaging_pipeline.gates.sender_rules import ask
from messaging_pipeline.messages.sender_kinds import kind_of
from messaging_pipeline.policies.compliance import Registration
from tests.support.asking_gates import a_question

US, CANADA, UK, INDIA, FRANCE = "+12125550123", "+14165550123", "+447400123456", "+919876543210", "+33612345678"
LONG_CODE, TOLL_FREE, SHORT_CODE, NAME = "+14155550100", "+18005550100", "123456", "Acme"
LONDON, MONTREAL, SAN_JUAN = "+442071234567", "+15145550100", "+17875550100"
PUERTO_RICO, VIRGIN_ISLANDS, GUAM, SAMOA, MARIANAS = (f"+1{code}5550123" for code in (787, 340, 671, 684, 670))
JAMAICA = "+18765550123"
POOL = None


@pytest.mark.parametrize(
    ("sender", "kind"),
    [
        (POOL, "Messaging Service"),
        (NAME, "alphanumeric sender"),
        (SHORT_CODE, "short code"),
        ("12345", "short code"),
        (TOLL_FREE, "toll-free number"),
        ("+18885550100", "toll-free number"),
        (LONG_CODE, "number"),
        (LONDON, "number"),
    ],
)
def test_the_kind_of_a_sender_is_seen_from_how_it_is_written(sender: str | None, kind: str) -> None:
    assert kind_of(sender) == kind


@pytest.mark.parametrize(
    ("to", "sender", "registration", "outcome"),
    [
        (US, LONG_CODE, {}, "warns"),
        (US, LONG_CODE, {"ten_dlc": "approved"}, "passes"),
        (US, LONG_CODE, {"ten_dlc": "pending"}, "refused"),
        (US, LONG_CODE, {"ten_dlc": "rejected"}, "refused"),
        (US, LONG_CODE, {"ten_dlc": "none"}, "refused"),
        (US, LONG_CODE, {"toll_free": "verified"}, "warns"),
        (US, MONTREAL, {"ten_dlc": "pending"}, "refused"),
        (US, LONDON, {"ten_dlc": "approved"}, "warns"),
        (US, TOLL_FREE, {}, "warns"),
        (US, TOLL_FREE, {"toll_free": "verified"}, "passes"),
        (US, TOLL_FREE, {"toll_free": "pending"}, "refused"),
        (US, TOLL_FREE, {"ten_dlc": "approved", "toll_free": "none"}, "refused"),
        (US, SHORT_CODE, {}, "passes"),
        (US, NAME, {"ten_dlc": "approved"}, "refused"),
        (US, POOL, {}, "warns"),
        (US, POOL, {"ten_dlc": "approved"}, "passes"),
        (US, POOL, {"ten_dlc": "pending", "toll_free": "verified"}, "passes"),
        (US, POOL, {"ten_dlc": "pending"}, "refused"),
        (US, SAN_JUAN, {"ten_dlc": "approved"}, "passes"),
        (PUERTO_RICO, LONG_CODE, {"ten_dlc": "pending"}, "refused"),
        (PUERTO_RICO, NAME, {}, "refused"),
        (PUERTO_RICO, POOL, {"ten_dlc": "approved"}, "passes"),
        (VIRGIN_ISLANDS, TOLL_FREE, {"toll_free": "pending"}, "refused"),
        (GUAM, LONG_CODE, {}, "warns"),
        (SAMOA, POOL, {"ten_dlc": "none"}, "refused"),
        (MARIANAS, POOL, {"toll_free": "verified"}, "passes"),
        (JAMAICA, LONG_CODE, {"ten_dlc": "none"}, "passes"),
        (CANADA, LONG_CODE, {"ten_dlc": "none"}, "passes"),
        (CANADA, TOLL_FREE, {"toll_free": "pending"}, "refused"),
        (CANADA, TOLL_FREE, {"toll_free": "verified"}, "passes"),
        (CANADA, POOL, {"ten_dlc": "pending"}, "passes"),
        (CANADA, SHORT_CODE, {}, "passes"),
        (CANADA, NAME, {}, "refused"),
        (UK, NAME, {}, "passes"),
        (UK, LONDON, {}, "passes"),
        (UK, POOL, {}, "passes"),
        (UK, LONG_CODE, {}, "warns"),
        (UK, SHORT_CODE, {}, "warns"),
        (INDIA, NAME, {}, "refused"),
        (INDIA, POOL, {}, "refused"),
        (INDIA, POOL, {"dlt": True}, "passes"),
        (FRANCE, NAME, {}, "passes"),
        (FRANCE, LONG_CODE, {}, "passes"),
    ],
)
def test_the_rules_of_the_recipients_country_hold(
    to: str, sender: str | None, registration: dict, outcome: str
) -> None:
    verdict = ask(a_question(to=to, sender=sender, registration=Registration(**registration)))
    assert verdict.outcome == outcome
    assert bool(verdict.remedy) == (outcome in {"warns", "refused"})
