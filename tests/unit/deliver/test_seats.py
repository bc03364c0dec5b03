"""How the threads of a worker are shared between services."""

from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging_pipeline.deliver.seats import Seat, Seats
from messaging_pipeline.ids import ServiceKey

BUSY, OTHER = ServiceKey("busy"), ServiceKey("other")


@pytest.fixture
def taken() -> ExitStack:
    return ExitStack()


def seated(taken: ExitStack, seats: Seats, service: ServiceKey, count: int) -> list[Seat]:
    """Take seats one after another and keep those that are not lost at once."""
    asked = [taken.enter_context(seats.one_for(service)) for _ in range(count)]
    return [seat for seat in asked if not seat.is_lost()]


def test_a_busy_service_leaves_a_quarter_of_the_threads_to_others(taken: ExitStack) -> None:
    assert len(seated(taken, Seats(16), BUSY, 16)) == 12


def test_two_busy_services_share_what_one_had(taken: ExitStack) -> None:
    seats = Seats(16)
    first = seated(taken, seats, BUSY, 12)
    second = seated(taken, seats, OTHER, 12)
    assert len(second) == 6
    assert len([seat for seat in first if not seat.is_lost()]) == 6


def test_who_left_makes_room(taken: ExitStack) -> None:
    seats = Seats(8)
    with ExitStack() as earlier:
        assert len(seated(earlier, seats, BUSY, 6)) == 6
    assert len(seated(taken, seats, OTHER, 6)) == 6


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_smallest_worker_has_a_seat_for_everybody(taken: ExitStack, threads: int) -> None:
    seats = Seats(threads)
    assert len(seated(taken, seats, BUSY, 1)) == 1
    assert len(seated(taken, seats, OTHER, 1)) == 1


@given(threads=st.integers(1, 40), lanes=st.lists(st.sampled_from("abcdef"), min_size=1, max_size=60))
def test_never_do_all_lanes_of_a_service_leave(threads: int, lanes: list[str]) -> None:
    seats = Seats(threads)
    with ExitStack() as taken:
        asked = [taken.enter_context(seats.one_for(ServiceKey(name))) for name in lanes]
        staying = {seat.service for seat in asked if not seat.is_lost()}
    assert staying == set(lanes)


def test_a_seat_that_was_lost_is_not_given_back_twice() -> None:
    seats = Seats(1)
    with seats.one_for(BUSY) as first:
        with seats.one_for(BUSY) as second:
            assert second.is_lost()
        assert second.is_lost()
        assert not first.is_lost()


def test_a_service_has_room_until_it_has_its_share(taken: ExitStack) -> None:
    seats = Seats(8)
    assert seats.has_room_for(BUSY)
    seated(taken, seats, BUSY, 5)
    assert seats.has_room_for(BUSY)
    seated(taken, seats, BUSY, 1)
    assert not seats.has_room_for(BUSY)
    assert seats.has_room_for(OTHER)


def test_somebody_may_wait_only_when_every_thread_is_taken(taken: ExitStack) -> None:
    seats = Seats(2)
    taken.enter_context(seats.one_for(BUSY))
    assert not seats.somebody_may_wait()
    taken.enter_context(seats.one_for(OTHER))
    assert seats.somebody_may_wait()
