"""When a quiet message is asked about: on the curve, never twice for having been late, and once more at the end."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import strategies as st

from messaging_pipeline.configuration import ReconcilePolicy
from messaging_pipeline.reconcile.curve import is_given_up, next_check, next_search
from tests.support.properties import given

NEWS = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
POLICY = ReconcilePolicy(ask_after_seconds=(120, 600, 3600), give_up_after_seconds=20_000)

policies = st.builds(
    ReconcilePolicy,
    ask_after_seconds=st.lists(st.integers(1, 100_000), min_size=1, max_size=6).map(tuple),
    give_up_after_seconds=st.integers(1, 500_000),
)


def after(seconds: float) -> datetime:
    return NEWS + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("checks", "age", "expected"),
    [
        (0, 0, 120),
        (1, 120, 600),
        (2, 600, 3600),
        (3, 3600, 7200),
        (4, 7200, 10_800),
        (7, 18_000, 20_000),
    ],
)
def test_it_is_asked_at_the_ages_of_the_policy_and_then_at_the_last_one_again_and_again(
    checks: int, age: int, expected: int
) -> None:
    assert next_check(NEWS, checks, POLICY, after(age)) == after(expected)


def test_points_that_have_gone_by_are_left_out() -> None:
    assert next_check(NEWS, 1, POLICY, after(5000)) == after(7200)


def test_who_was_asked_often_in_a_short_time_is_asked_later() -> None:
    assert next_check(NEWS, 5, POLICY, after(10)) == after(14_400)


@given(policies, st.integers(0, 100), st.integers(0, 1_000_000))
def test_the_next_question_is_always_in_the_future(policy: ReconcilePolicy, checks: int, age: int) -> None:
    assert next_check(NEWS, checks, policy, after(age)) > after(age)


@given(policies, st.integers(0, 100), st.integers(0, 499_999))
def test_nobody_is_asked_later_than_when_it_would_be_given_up(policy: ReconcilePolicy, checks: int, age: int) -> None:
    end = after(policy.give_up_after_seconds)
    if after(age) < end:
        assert next_check(NEWS, checks, policy, after(age)) <= end


@given(policies)
def test_a_message_that_stays_quiet_is_given_up_after_a_bounded_number_of_questions(policy: ReconcilePolicy) -> None:
    now, checks = NEWS, 0
    while not is_given_up(NEWS, policy, now):
        now = next_check(NEWS, checks, policy, now)
        checks += 1
    assert checks <= len(policy.ask_after_seconds) + policy.give_up_after_seconds / policy.ask_after_seconds[-1] + 1


def test_doubt_is_looked_into_at_doubling_pauses_and_at_its_deadline() -> None:
    deadline, now, seen = after(900), NEWS, []
    while now < deadline:
        now = next_search(NEWS, deadline, POLICY, now)
        seen.append((now - NEWS).total_seconds())
    assert seen == [30, 60, 120, 240, 480, 900]


def test_after_its_deadline_doubt_is_looked_into_as_often_as_any_quiet_message() -> None:
    assert next_search(NEWS, after(900), POLICY, after(900)) == after(3600)
