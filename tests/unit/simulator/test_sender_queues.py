"""The queue of one sender, as arithmetic: seconds are handed in."""

import pytest

from messaging_pipeline.simulator.configuration import SenderConfig
from messaging_pipeline.simulator.senders import Sender


def sender(address: str = "+12065550100", mps: float = 2.0) -> Sender:
    return Sender(SenderConfig(address, mps=mps), "AC1")


def test_an_idle_sender_lets_a_message_go_at_once() -> None:
    assert sender().enqueue(segments=3, now=100.0) == 0.0


def test_every_segment_takes_its_time() -> None:
    busy = sender(mps=2.0)
    waits = [busy.enqueue(segments, now=100.0) for segments in (1, 3, 1)]

    assert waits == [0.0, 0.5, 2.0]
    assert busy.queued_segments(now=100.0) == 5


def test_idle_time_is_not_saved_up() -> None:
    rested = sender(mps=1.0)
    rested.enqueue(segments=1, now=0.0)
    waits = [rested.enqueue(segments=1, now=1000.0) for _ in range(2)]

    assert waits == [0.0, 1.0]


def test_a_queue_is_full_beyond_ten_hours() -> None:
    slow = sender(mps=1.0)
    slow.enqueue(segments=36_000, now=0.0)

    assert not slow.is_full(now=0.0)
    slow.enqueue(segments=1, now=0.0)
    assert slow.is_full(now=0.0)
    assert not slow.is_full(now=1.0)


@pytest.mark.parametrize(
    ("address", "toll_free", "short_code"),
    [
        ("+18005550100", True, False),
        ("+18885550100", True, False),
        ("+12065550100", False, False),
        ("55555", False, True),
        ("SHOP", False, False),
    ],
)
def test_the_kind_of_a_sender_shows_in_its_address(address: str, toll_free: bool, short_code: bool) -> None:
    assert (sender(address).is_toll_free, sender(address).is_short_code) == (toll_free, short_code)
