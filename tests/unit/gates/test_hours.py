"""When it is quiet in a zone: nights, days off, days on which the clocks are changed, several zones at once."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import strategies as st

from messaging_pipeline.gates.hours import LAST_MINUTE, closing_time, next_opening
from messaging_pipeline.policies.compliance import QuietHours
from tests.support.asking_gates import quiet_hours
from tests.support.properties import given

NIGHT = quiet_hours()
NEW_YORK = ("America/New_York",)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def opening(policy: QuietHours, zones: tuple[str, ...], now: str) -> datetime:
    found = next_opening(policy, zones, at(now))
    assert found is not None
    return found.at


@pytest.mark.parametrize(
    ("zone", "now", "expected"),
    [
        pytest.param("America/New_York", "2026-11-23T15:00", "2026-11-23T15:00", id="by day, at once"),
        pytest.param("America/New_York", "2026-11-24T02:00", "2026-11-24T13:00", id="at the first quiet moment"),
        pytest.param("America/New_York", "2026-11-24T01:58", "2026-11-24T01:58", id="two minutes before"),
        pytest.param("America/New_York", "2026-11-24T01:59", "2026-11-24T13:00", id="in the last minute"),
        pytest.param("America/New_York", "2026-11-24T12:59", "2026-11-24T13:00", id="a minute before the end"),
        pytest.param("America/New_York", "2026-11-24T13:00", "2026-11-24T13:00", id="at the end"),
        pytest.param("America/New_York", "2026-03-08T03:00", "2026-03-08T12:00", id="the short night in March"),
        pytest.param("America/New_York", "2026-11-01T03:00", "2026-11-01T13:00", id="the long night in November"),
        pytest.param("Europe/London", "2026-03-28T22:00", "2026-03-29T07:00", id="the short night in London"),
        pytest.param("Europe/London", "2026-10-24T22:00", "2026-10-25T08:00", id="the long night in London"),
        pytest.param("Australia/Sydney", "2026-10-03T12:00", "2026-10-03T21:00", id="spring is in October"),
        pytest.param("Asia/Kolkata", "2026-11-23T16:00", "2026-11-24T02:30", id="half an hour in India"),
        pytest.param("Asia/Kathmandu", "2026-11-23T16:00", "2026-11-24T02:15", id="three quarters in Nepal"),
        pytest.param("America/St_Johns", "2026-11-24T01:00", "2026-11-24T11:30", id="half an hour in Newfoundland"),
        pytest.param("Australia/Lord_Howe", "2026-10-03T12:00", "2026-10-03T21:00", id="clocks moved by half an hour"),
        pytest.param("Pacific/Kiritimati", "2026-11-23T08:00", "2026-11-23T18:00", id="fourteen hours ahead"),
        pytest.param("Asia/Kathmandu", "2026-11-23T02:14", "2026-11-23T02:15", id="Nepal, a minute before eight"),
        pytest.param("Pacific/Chatham", "2026-09-26T09:00", "2026-09-26T18:15", id="45 minutes, and the short night"),
        pytest.param("Pacific/Chatham", "2027-04-03T09:00", "2027-04-03T19:15", id="45 minutes, and the long night"),
        pytest.param("America/Santiago", "2026-09-06T01:00", "2026-09-06T11:00", id="clocks changed at midnight"),
        pytest.param("Africa/Casablanca", "2027-02-07T00:00", "2027-02-07T08:00", id="back for Ramadan, in the night"),
        pytest.param("Pacific/Apia", "2011-12-30T09:00", "2011-12-30T18:00", id="a Friday that never came"),
        pytest.param("Pacific/Pago_Pago", "2026-11-23T09:00", "2026-11-23T19:00", id="eleven hours behind"),
    ],
)
def test_a_message_waits_until_the_quiet_hours_are_over(zone: str, now: str, expected: str) -> None:
    assert opening(NIGHT, (zone,), now) == at(expected)


@pytest.mark.parametrize(
    ("policy", "now", "expected"),
    [
        pytest.param({"begin": time(12), "end": time(14)}, "2026-11-23T17:30", "2026-11-23T19:00", id="at noon"),
        pytest.param({"days": ("fri",)}, "2026-11-24T03:00", "2026-11-24T03:00", id="no night but Friday's"),
        pytest.param({"days": ("fri",)}, "2026-11-28T12:00", "2026-11-28T13:00", id="Friday's lasts until Saturday"),
        pytest.param({"closed_days": ("sun",)}, "2026-11-22T15:00", "2026-11-23T13:00", id="Sunday, and the night"),
        pytest.param({"closed_days": ("sat", "sun")}, "2026-11-21T06:00", "2026-11-23T13:00", id="a whole weekend"),
        pytest.param(
            {"closed_days": ("sun",), "days": ()}, "2026-11-22T15:00", "2026-11-23T05:00", id="Sunday, no nights"
        ),
    ],
)
def test_days_and_hours_are_those_of_the_policy(policy: dict, now: str, expected: str) -> None:
    assert opening(quiet_hours(**policy), NEW_YORK, now) == at(expected)


@pytest.mark.parametrize(
    ("policy", "now", "expected"),
    [
        pytest.param(
            {"begin": time(2, 30), "end": time(4)}, "2026-03-08T06:29", "2026-03-08T08:00", id="skipped start"
        ),
        pytest.param({"begin": time(1), "end": time(2, 30)}, "2026-03-08T06:10", "2026-03-08T07:30", id="skipped end"),
        pytest.param(
            {"begin": time(1, 30), "end": time(4)}, "2026-11-01T05:29", "2026-11-01T09:00", id="repeated start"
        ),
        pytest.param({"begin": time(0), "end": time(1, 30)}, "2026-11-01T05:10", "2026-11-01T06:30", id="repeated end"),
    ],
)
def test_an_hour_that_is_skipped_or_repeated_counts_for_the_quiet(policy: dict, now: str, expected: str) -> None:
    assert opening(quiet_hours(**policy), NEW_YORK, now) == at(expected)


def test_of_several_zones_the_common_window_counts() -> None:
    coasts = ("America/New_York", "America/Los_Angeles")
    assert opening(NIGHT, coasts, "2026-11-23T14:00") == at("2026-11-23T16:00")  # 08:00 in the west
    assert opening(NIGHT, coasts, "2026-11-24T02:30") == at("2026-11-24T16:00")  # 21:30 in the east


def test_on_both_sides_of_the_date_line_the_clock_counts_and_not_the_day() -> None:
    either_side = ("Pacific/Kiritimati", "Pacific/Honolulu")  # the same clock, a day apart
    assert opening(NIGHT, either_side, "2026-11-23T08:00") == at("2026-11-23T18:00")
    no_sunday = quiet_hours(closed_days=("sun",), days=())
    # Sunday in the east, then Sunday in the west.
    assert opening(no_sunday, either_side, "2026-11-22T00:00") == at("2026-11-23T10:00")


def test_zones_without_a_common_hour_have_no_opening() -> None:
    assert (
        next_opening(NIGHT, ("Europe/London", "America/Los_Angeles", "Australia/Sydney"), at("2026-11-23T15:00"))
        is None
    )


@pytest.mark.parametrize(
    ("zones", "now", "expected"),
    [
        pytest.param(NEW_YORK, "2026-11-23T15:00", "2026-11-24T02:00", id="tonight"),
        pytest.param(NEW_YORK, "2026-11-01T15:00", "2026-11-02T02:00", id="tonight, by winter time"),
        pytest.param(("America/New_York", "America/Halifax"), "2026-11-23T15:00", "2026-11-24T01:00", id="the first"),
    ],
)
def test_the_window_closes_where_it_is_first_quiet(zones: tuple[str, ...], now: str, expected: str) -> None:
    assert closing_time(NIGHT, zones, at(now)) == at(expected)


def test_a_window_that_stays_open_for_a_day_has_no_closing_time() -> None:
    assert closing_time(quiet_hours(days=("fri",)), NEW_YORK, at("2026-11-23T15:00")) is None


zones = st.lists(
    st.sampled_from(["America/New_York", "Europe/London", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Havana"]),
    min_size=1,
    max_size=2,
    unique=True,
).map(tuple)
times = st.integers(0, 2 * 365 * 24 * 60).map(lambda minutes: at("2026-01-01T00:00") + timedelta(minutes=minutes))
clocks = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))


@given(zones, times, clocks, clocks)
def test_an_opening_is_open_and_the_window_after_it_is_too_until_it_closes(
    zones: tuple[str, ...], now: datetime, begin: time, end: time
) -> None:
    if begin == end:
        return
    policy = quiet_hours(begin=begin, end=end)
    found = next_opening(policy, zones, now)
    if found is None:
        return
    again = next_opening(policy, zones, found.at)
    assert again is not None
    assert again.at == found.at >= now
    closing = closing_time(policy, zones, found.at)
    assert closing is not None
    assert closing - found.at > LAST_MINUTE
    late = next_opening(policy, zones, closing - LAST_MINUTE - timedelta(seconds=1))
    assert late is not None
    assert late.at == closing - LAST_MINUTE - timedelta(seconds=1)
