"""The bound on the rate is followed through changes of the rate, and no window escapes it."""

from tests.faults.records import Pace
from tests.faults.rules.rate import allowance, most_above


def test_what_a_window_may_hold_is_the_burst_and_two_seconds_of_the_rate() -> None:
    assert allowance([Pace(0.0, 5.0, 10)]) == 20.0
    assert allowance([Pace(0.0, 5.0, 10), Pace(50.0, 20.0, 10)]) == 50.0


def test_a_steady_stream_at_the_rate_is_never_more_than_one_above_it() -> None:
    uses = [(second / 10, 1) for second in range(600)]
    assert most_above(uses, [Pace(0.0, 10.0, 1)]) <= 1.0 + 1e-6


def test_a_burst_is_found_wherever_it_is() -> None:
    quiet = [(float(second), 1) for second in range(100)]
    assert most_above([*quiet, *[(50.0, 1)] * 30], [Pace(0.0, 10.0, 1)]) >= 30.0


def test_a_higher_rate_counts_from_the_moment_it_was_asked_for() -> None:
    slow, fast = Pace(0.0, 1.0, 1), Pace(100.0, 50.0, 1)
    after = [(100.0 + i / 50, 1) for i in range(500)]
    assert most_above(after, [slow, fast]) <= 1.0 + 1e-6
    before = [(80.0 + i / 50, 1) for i in range(500)]
    assert most_above(before, [slow, fast]) > 400


def test_a_lower_rate_counts_once_everybody_can_have_heard_of_it() -> None:
    fast, slow = Pace(0.0, 50.0, 1), Pace(100.0, 1.0, 1)
    in_time = [(100.0 + i / 50, 1) for i in range(50)]
    assert most_above(in_time, [fast, slow]) <= 1.0 + 1e-6
    too_late = [(102.0 + i / 50, 1) for i in range(50)]
    assert most_above(too_late, [fast, slow]) > 40
