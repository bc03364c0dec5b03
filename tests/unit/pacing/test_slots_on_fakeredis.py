"""Slots on a fake Redis whose time is moved by hand: what is true to the microsecond, and wrong arguments."""

import math

import pytest
from fakeredis import FakeRedis, FakeServer

from messaging_pipeline.errors import InvalidInput
from messaging_pipeline.pacing.slots import Slots, Taken
from tests.support.paced_redis import fake_redis
from tests.support.slots_behaviour import LONG_SECONDS, SlotsBehaviour, slots_never_seen, some_slots

A_MICROSECOND = 0.000_001
A_YEAR = 365 * 86_400


@pytest.fixture
def paced():
    with fake_redis() as redis:
        yield redis


@pytest.fixture
def unreachable():
    server = FakeServer()
    server.connected = False
    with FakeRedis(server=server) as client:
        yield client


class TestOnFakeredis(SlotsBehaviour):
    """Everything that holds on any Redis."""


def test_the_wait_is_exact_to_the_microsecond(paced):
    slots = some_slots(paced, capacity=1)
    slots.take("a")
    paced.time.wait(slots.take("b").wait_seconds - A_MICROSECOND)
    assert slots.take("b") == Taken(False, A_MICROSECOND)
    paced.time.wait(A_MICROSECOND)
    assert slots.take("b") == Taken(True, 0.0)


def test_a_newborn_memory_waits_to_the_microsecond(paced):
    slots = slots_never_seen(paced)
    paced.time.wait(slots.take("a").wait_seconds - A_MICROSECOND)
    assert slots.take("a") == Taken(False, A_MICROSECOND)
    paced.time.wait(A_MICROSECOND)
    assert slots.take("a")


def test_a_lease_is_over_at_its_end(paced):
    slots = some_slots(paced, capacity=1)
    slots.take("a")
    paced.time.wait(LONG_SECONDS - A_MICROSECOND)
    assert slots.in_use() == 1
    paced.time.wait(A_MICROSECOND)
    assert not slots.keep("a")


@pytest.mark.parametrize("back_seconds", [10, A_YEAR])
def test_a_clock_that_was_set_back_costs_at_most_a_lease(paced, back_seconds):
    slots = slots_never_seen(paced, capacity=1)
    paced.time.wait(slots.take("killed").wait_seconds)
    assert slots.take("killed")
    paced.time.wait(-back_seconds)
    assert not slots.take("b")
    paced.time.wait(LONG_SECONDS)
    assert slots.take("b")


@pytest.mark.parametrize("capacity", [0, -1, 10_001])
def test_a_capacity_out_of_range_is_refused(unreachable, capacity):
    with pytest.raises(InvalidInput, match="capacity"):
        Slots(unreachable, "acme", capacity, 1.0)
    with pytest.raises(InvalidInput, match="capacity"):
        Slots(unreachable, "acme", 1, 1.0).take("a", capacity)


@pytest.mark.parametrize("lease_seconds", [0, -1, 0.09, 3_601, math.nan])
def test_a_lease_out_of_range_is_refused(unreachable, lease_seconds):
    with pytest.raises(InvalidInput, match="lease_seconds"):
        Slots(unreachable, "acme", 1, lease_seconds)


@pytest.mark.parametrize("call", [Slots.take, Slots.keep, Slots.give_back])
def test_a_holder_without_a_name_is_refused(unreachable, call):
    with pytest.raises(InvalidInput, match="holder"):
        call(Slots(unreachable, "acme", 1, 1.0), "")
