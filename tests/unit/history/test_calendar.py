"""Which months should have a partition, and for how long histories are wanted."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from messaging_pipeline.forgetting.history import longest_kept_days
from messaging_pipeline.history.months import Calendar, Stray, end_of, next_month
from messaging_pipeline.policies.retention import RetentionPolicy

NOVEMBER, DECEMBER, JANUARY, FEBRUARY = date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1), date(2027, 2, 1)
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def calendar(*months: date, strays: tuple[Stray, ...] = ()) -> Calendar:
    return Calendar(frozenset(months), strays)


def test_the_running_month_and_three_more_should_be_there() -> None:
    assert calendar().missing(NOW) == [NOVEMBER, DECEMBER, JANUARY, FEBRUARY]
    assert calendar(NOVEMBER, JANUARY).missing(NOW) == [DECEMBER, FEBRUARY]


def test_a_month_that_lies_in_the_default_partition_is_not_made_under_it() -> None:
    assert calendar(strays=(Stray(NOVEMBER, 1, is_forgotten=False),)).missing(NOW)[0] == DECEMBER


def test_a_month_begins_by_utc_wherever_the_clock_hangs() -> None:
    still_november = datetime(2026, 12, 1, 1, 0, tzinfo=timezone(timedelta(hours=3)))
    assert calendar().missing(still_november)[0] == NOVEMBER


def test_what_is_ahead_counts_up_to_the_first_gap() -> None:
    assert calendar(NOVEMBER).ahead(NOW) == 0
    assert calendar(DECEMBER, JANUARY).ahead(NOW) == 2
    assert calendar(DECEMBER, FEBRUARY).ahead(NOW) == 1


def test_lines_heard_after_their_month_had_gone_are_no_sign_of_a_missing_month() -> None:
    strays = (Stray(NOVEMBER, 3, is_forgotten=True), Stray(DECEMBER, 2, is_forgotten=False))
    assert calendar(strays=strays).stray_lines() == 2


@pytest.mark.parametrize(("month", "following"), [(NOVEMBER, DECEMBER), (DECEMBER, JANUARY)])
def test_a_month_ends_where_the_next_one_begins(month: date, following: date) -> None:
    assert next_month(month) == following
    assert end_of(month) == datetime(following.year, following.month, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("days", "longest"),
    [([30], 30), ([30, 400], 400), ([30, None], None), ([None], None), ([], None)],
)
def test_who_keeps_histories_longest_decides_and_who_says_nothing_keeps_them_for_ever(
    days: list[int | None], longest: int | None
) -> None:
    assert longest_kept_days(RetentionPolicy(history_days=one) for one in days) == longest


def test_a_tenant_without_retention_keeps_histories_for_ever() -> None:
    assert longest_kept_days([RetentionPolicy(history_days=30), None]) is None
