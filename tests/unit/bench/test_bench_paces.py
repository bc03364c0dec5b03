"""What the benchmark makes of a ledger: a pace, its worst window, and the way of a high message."""

import pytest

from tests.bench.rate import BURST, RATE_PER_SECOND, paced
from tests.bench.slow_sender import delays_ms, wrong_counts
from tests.bench.table import short

EPOCH = 1_800_000_000.0
ADA, BOB = "+14152000000", "+14152000001"


def create(at_seconds: float, segments: int = 1) -> dict[str, object]:
    return {"received_at": EPOCH + at_seconds, "segments": segments}


def a_burst_and_then_one_every(seconds: float, count: int = 100) -> list[dict[str, object]]:
    return [create(0.0)] * BURST + [create((number + 1) * seconds) for number in range(count)]


def test_the_burst_does_not_count_towards_the_pace() -> None:
    figures = paced(a_burst_and_then_one_every(1 / RATE_PER_SECOND))
    assert figures["per_second"] == pytest.approx(RATE_PER_SECOND, rel=1e-4)
    assert figures["percent"] == pytest.approx(100, rel=1e-4)


def test_a_pace_below_the_rate_is_seen() -> None:
    assert paced(a_burst_and_then_one_every(2 / RATE_PER_SECOND))["percent"] == pytest.approx(50, rel=1e-4)


def test_the_worst_window_of_a_pace_that_is_kept_is_the_burst() -> None:
    assert paced(a_burst_and_then_one_every(1 / RATE_PER_SECOND))["worst_above"] == pytest.approx(BURST, abs=0.01)


def test_a_window_above_the_rate_is_found() -> None:
    crowd = [create(3.0)] * 200
    figures = paced([*a_burst_and_then_one_every(1 / RATE_PER_SECOND), *crowd])
    assert figures["worst_above"] > figures["bound"]


def test_the_way_of_a_message_is_from_handing_over_to_the_ledger() -> None:
    assert delays_ms({ADA: 10.0, BOB: 11.0}, {ADA: 10.5, BOB: 11.25}) == [500.0, 250.0]


def test_a_high_message_that_is_not_there_exactly_once_is_found() -> None:
    assert wrong_counts([ADA, BOB], [ADA, BOB, "+14155550100"]) == []
    assert wrong_counts([ADA, BOB], [ADA, ADA]) == [
        "slow-sender: a high message was created 2 times",
        "slow-sender: a high message was created 0 times",
    ]


@pytest.mark.parametrize(
    ("rows", "text"), [(10_000, "10k"), (1_000_000, "1M"), (5_000_000, "5M"), (1_500_000, "1500k"), (999, "999")]
)
def test_rows_are_written_as_people_say_them(rows: int, text: str) -> None:
    assert short(rows) == text
