"""The gates of money and of countries: what is left, what is full, and what becomes of a message then."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from messaging_pipeline.gates import country, spend
from messaging_pipeline.gates.verdict import Verdict
from messaging_pipeline.policies.spending import WhenReached
from messaging_pipeline.spending.allowance import Allowance, Draw
from messaging_pipeline.spending.periods import day_of, hour_of
from tests.support.asking_gates import a_question

AT = datetime.fromisoformat("2026-11-23T15:00:00+00:00")


def allowance(**changes: Any) -> Allowance:
    values = {"country": "US", "cost": Decimal("0.01"), "unit": "USD", "capped": False, "allowed": True, **changes}
    return Allowance(**values)


def a_draw(meter: str = "spend:day", limit: str = "1", when_reached: WhenReached = "hold", hours: int = 0) -> Draw:
    period = hour_of(AT + timedelta(hours=hours)) if hours else day_of(AT)
    return Draw(meter, period, Decimal("0.01"), Decimal(limit), f"words for {meter}", when_reached)


def spent(*draws: Draw, used: dict[str, str] | None = None, expires_at: datetime | None = None) -> Verdict:
    meters = {name: Decimal(amount) for name, amount in (used or {}).items()}
    question = a_question(allowance=allowance(capped=True, spend=draws), used=meters, expires_at=expires_at)
    return spend.ask(question)


def test_without_a_price_list_nothing_is_said_of_money() -> None:
    assert spend.ask(a_question()) == Verdict.passes("messaging.toml has no price list")
    assert spend.ask(a_question(allowance=allowance(cost=None, unit=None))).outcome == "passes"


def test_a_message_that_is_not_limited_passes_with_its_price() -> None:
    assert spend.ask(a_question(allowance=allowance())).reason == "it costs about 0.01 USD"


@pytest.mark.parametrize(("capped", "outcome"), [(False, "passes"), (True, "refused")])
def test_a_message_without_a_price_is_refused_only_where_money_is_limited(capped: bool, outcome: str) -> None:
    assert spend.ask(a_question(allowance=allowance(cost=None, capped=capped))).outcome == outcome


@pytest.mark.parametrize(
    ("used", "outcome"), [(None, "passes"), ({"spend:day": "0.99"}, "passes"), ({"spend:day": "0.990001"}, "waits")]
)
def test_the_last_cent_may_be_spent_and_no_more(used: dict[str, str] | None, outcome: str) -> None:
    assert spent(a_draw(), used=used).outcome == outcome


def test_it_waits_for_the_last_of_the_limits_that_are_full() -> None:
    verdict = spent(a_draw(), a_draw("spend:month", hours=99), used={"spend:day": "1", "spend:month": "1"})
    assert verdict.until == hour_of(AT + timedelta(hours=99)).ends_at
    assert verdict.reason.startswith("limit reached: words for spend:month; there is room again from 2026-11-27")


def test_a_limit_that_refuses_outweighs_one_that_holds() -> None:
    draws = (a_draw(), a_draw("spend:month", when_reached="refuse", hours=99))
    assert spent(*draws, used={"spend:day": "1", "spend:month": "1"}).outcome == "refused"
    assert spent(*draws, used={"spend:day": "1"}).outcome == "waits"


def test_what_never_fits_in_does_not_wait_for_ever() -> None:
    assert spent(a_draw(limit="0.009")).outcome == "refused"


def test_a_message_that_expires_before_there_is_room_is_refused() -> None:
    end = day_of(AT).ends_at
    full = {"spend:day": "1"}
    assert spent(a_draw(), used=full, expires_at=end).outcome == "refused"
    assert spent(a_draw(), used=full, expires_at=end + timedelta(seconds=1)).outcome == "waits"


def test_a_country_that_is_not_allowed_is_refused_whatever_is_left() -> None:
    verdict = country.ask(a_question(allowance=allowance(country="LT", allowed=False)))
    assert (verdict.outcome, verdict.reason) == ("refused", "the tenant does not write to LT")


def test_a_country_whose_limit_is_full_waits() -> None:
    draw = Draw("country:hour:LT", hour_of(AT), Decimal(1), Decimal(5), "5 messages", "hold")
    of_lithuania = allowance(country="LT", velocity=(draw,))
    asked = [
        country.ask(a_question(allowance=of_lithuania, used={"country:hour:LT": Decimal(count)})) for count in (4, 5)
    ]
    assert [one.outcome for one in asked] == ["passes", "waits"]
    assert country.ask(a_question()).outcome == "passes"
