"""When the day of a daily cap begins and ends, by its own zone's clock."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging_pipeline.configuration import DailyCap
from messaging_pipeline.pacing.daily_cap import day_of

PACIFIC = DailyCap(2000)
MORNING = DailyCap(500, reset_hour=6, time_zone="Europe/Berlin")


@pytest.mark.parametrize(
    ("cap", "now", "day", "ends_at"),
    [
        (PACIFIC, datetime(2026, 11, 25, 7, 59, tzinfo=UTC), date(2026, 11, 24), datetime(2026, 11, 25, 8, tzinfo=UTC)),
        (PACIFIC, datetime(2026, 11, 25, 8, 0, tzinfo=UTC), date(2026, 11, 25), datetime(2026, 11, 26, 8, tzinfo=UTC)),
        (MORNING, datetime(2026, 11, 25, 4, 59, tzinfo=UTC), date(2026, 11, 24), datetime(2026, 11, 25, 5, tzinfo=UTC)),
        (MORNING, datetime(2026, 11, 25, 5, 0, tzinfo=UTC), date(2026, 11, 25), datetime(2026, 11, 26, 5, tzinfo=UTC)),
    ],
)
def test_a_day_begins_at_the_reset_hour_of_its_zone(cap: DailyCap, now: datetime, day: date, ends_at: datetime) -> None:
    found = day_of("brand", cap, now)
    assert (found.day, found.ends_at, found.segments) == (day, ends_at, cap.segments_per_day)


def test_the_day_on_which_summer_time_begins_has_23_hours() -> None:
    begin = datetime(2026, 3, 8, 8, 0, tzinfo=UTC)
    assert day_of("brand", PACIFIC, begin).ends_at - begin == timedelta(hours=23)


@given(
    now=st.integers(1_700_000_000, 1_900_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    hour=st.integers(0, 23),
    zone=st.sampled_from(["America/Los_Angeles", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"]),
)
def test_every_moment_is_in_one_day_and_the_next_day_begins_where_it_ends(now: datetime, hour: int, zone: str) -> None:
    cap = DailyCap(1, reset_hour=hour, time_zone=zone)
    found = day_of("brand", cap, now)
    assert now < found.ends_at <= now + timedelta(hours=25)
    assert day_of("brand", cap, found.ends_at).day == found.day + timedelta(days=1)
    assert found.ends_at.astimezone(ZoneInfo(zone)).date() == found.day + timedelta(days=1)
