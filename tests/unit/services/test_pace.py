"""How a pace falls and comes back, whatever happens and whenever."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import strategies as st

from messaging_pipeline.ids import ServiceKey, TenantKey
from messaging_pipeline.services.pace import (
    COOL_DOWN_SECONDS,
    CUT,
    FLOOR,
    FULL,
    QUIET_SECONDS,
    RECOVERY_SECONDS,
    Pace,
    factor_at,
    lowered,
    pace_of_account,
    pace_of_service,
)
from tests.support.properties import given

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NEVER = None

seconds = st.floats(-4_000, 4_000)
factors = st.floats(FLOOR, FULL)
paces = st.none() | st.builds(Pace, factors, st.builds(lambda ago: NOON - timedelta(seconds=ago), seconds))


def after(pace_seconds: float) -> datetime:
    return NOON + timedelta(seconds=pace_seconds)


def cut(stored: Pace | None, now: datetime) -> Pace:
    fallen = lowered(stored, now)
    assert fallen is not None
    return fallen


def test_a_pace_that_never_fell_is_full():
    assert factor_at(NEVER, NOON) == FULL


def test_the_first_complaint_halves_it():
    assert lowered(NEVER, NOON) == Pace(0.5, NOON)


def test_it_stays_where_it_is_until_it_has_been_quiet():
    fallen = cut(NEVER, NOON)
    assert [factor_at(fallen, after(QUIET_SECONDS * part)) for part in (0, 0.5, 1)] == [0.5, 0.5, 0.5]


def test_it_comes_back_in_a_straight_line():
    fallen = cut(NEVER, NOON)
    at = [factor_at(fallen, after(QUIET_SECONDS + RECOVERY_SECONDS * part)) for part in (0.1, 0.25, 0.5, 1)]
    assert at == pytest.approx([0.6, 0.75, 1.0, 1.0])


def test_a_burst_of_complaints_cuts_once():
    fallen = cut(NEVER, NOON)
    assert [lowered(fallen, after(COOL_DOWN_SECONDS * part)) for part in (-0.9, 0, 0.5, 0.99)] == [None] * 4


def test_a_complaint_after_the_cool_down_cuts_again():
    assert cut(cut(NEVER, NOON), after(COOL_DOWN_SECONDS)).factor == 0.25


def test_a_pace_lowered_by_a_clock_far_ahead_still_falls():
    assert lowered(Pace(0.5, after(3_600)), NOON) == Pace(0.25, NOON)


def test_paces_are_named_by_whose_they_are():
    assert pace_of_service(ServiceKey("alerts")) == "service:alerts"
    assert pace_of_account(TenantKey("acme")) == "account:acme"


@given(paces, seconds)
def test_it_is_never_above_full_nor_below_the_floor(stored, when):
    assert FLOOR <= factor_at(stored, after(when)) <= FULL


@given(st.builds(Pace, st.floats(1e-9, 1e9), st.just(NOON)), seconds)
def test_not_even_when_what_is_stored_is(stored, when):
    assert FLOOR <= factor_at(stored, after(when)) <= FULL


@given(paces, st.lists(seconds, min_size=2))
def test_left_alone_it_only_rises(stored, moments):
    at = [factor_at(stored, after(when)) for when in sorted(moments)]
    assert all(earlier <= later for earlier, later in pairwise(at))


@given(paces, seconds)
def test_a_cut_multiplies_what_is_in_force_and_holds_at_the_floor(stored, when):
    now = after(when)
    fallen = lowered(stored, now)
    if fallen is not None:
        assert fallen == Pace(max(FLOOR, factor_at(stored, now) * CUT), now)
        assert factor_at(fallen, now) == fallen.factor


@given(paces, paces, seconds)
def test_the_slower_of_two_that_fell_together_never_overtakes(one, other, when):
    if one is not None and other is not None:
        other = Pace(other.factor, one.lowered_at)
        slower, faster = sorted((one, other), key=lambda pace: pace.factor)
        assert factor_at(slower, after(when)) <= factor_at(faster, after(when))


@given(st.lists(st.tuples(st.floats(0, 600), st.booleans()), max_size=40))
def test_no_history_leads_out_of_bounds_and_only_complaints_lower_it(history):
    stored, now, factor = NEVER, NOON, FULL
    for waited, complaint in history:
        now += timedelta(seconds=waited)
        assert factor_at(stored, now) >= factor
        stored = (lowered(stored, now) or stored) if complaint else stored
        factor = factor_at(stored, now)
        assert FLOOR <= factor <= FULL


def test_after_the_whole_way_back_nothing_is_remembered():
    lowest = Pace(FLOOR, NOON)
    assert factor_at(lowest, after(QUIET_SECONDS + RECOVERY_SECONDS)) == FULL
    assert cut(lowest, after(QUIET_SECONDS + RECOVERY_SECONDS)).factor == CUT
