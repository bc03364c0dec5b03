"""What slots do on any Redis; the fake one and a real server are held to the same sentences."""

import pytest

from messaging_pipeline.pacing.slots import Slots
from tests.support.paced_redis import PacedRedis

#: Too long to run out while a test runs.
LONG_SECONDS = 600.0
#: Short enough to be waited for.
SHORT_SECONDS = 1.0
A_MILLISECOND = 0.001


def slots_never_seen(paced: PacedRedis, capacity=2, name="acme", lease_seconds=LONG_SECONDS) -> Slots:
    return Slots(paced.redis, name, capacity, lease_seconds)


def some_slots(paced: PacedRedis, capacity=2, name="acme", lease_seconds=LONG_SECONDS) -> Slots:
    """Slots whose memory was born in 1970, so that nobody has to wait for a lease."""
    paced.redis.zadd(f"mp:slots:{name}", {"": -1})
    return slots_never_seen(paced, capacity, name, lease_seconds)


class SlotsBehaviour:
    """Inherit from it and offer a fixture ``paced``."""

    def test_as_many_hold_one_as_there_are(self, paced):
        slots = some_slots(paced, capacity=2)
        assert [bool(slots.take(holder)) for holder in ("a", "b", "c")] == [True, True, False]

    def test_whoever_gets_none_learns_when_the_first_lease_ends(self, paced):
        slots = some_slots(paced, capacity=1, lease_seconds=SHORT_SECONDS)
        assert slots.take("a").wait_seconds == 0.0
        refused = slots.take("b")
        assert refused.wait_seconds <= SHORT_SECONDS
        paced.time.wait(refused.wait_seconds + A_MILLISECOND)
        assert slots.take("b")

    def test_a_refusal_costs_nothing(self, paced):
        slots = some_slots(paced, capacity=1)
        slots.take("a")
        slots.take("b")
        assert slots.in_use() == 1

    def test_a_slot_given_back_is_free_at_once(self, paced):
        slots = some_slots(paced, capacity=1)
        slots.take("a")
        assert slots.give_back("a")
        assert slots.take("b")

    def test_giving_back_what_is_held_no_more_changes_nothing(self, paced):
        slots = some_slots(paced, capacity=1)
        slots.take("a")
        assert not slots.give_back("b")
        assert slots.in_use() == 1

    def test_a_holder_that_asks_again_still_holds_one(self, paced):
        slots = some_slots(paced, capacity=2)
        assert [bool(slots.take("a")) for _ in range(3)] == [True, True, True]
        assert slots.in_use() == 1

    def test_a_killed_holder_frees_its_slot_when_its_lease_runs_out(self, paced):
        slots = some_slots(paced, capacity=1, lease_seconds=SHORT_SECONDS)
        slots.take("killed")
        paced.time.wait(SHORT_SECONDS + A_MILLISECOND)
        assert slots.in_use() == 0
        assert slots.take("another")

    @pytest.mark.parametrize("renew", [Slots.keep, Slots.take])
    def test_a_holder_that_goes_on_keeps_its_slot(self, paced, renew):
        slots = some_slots(paced, capacity=1, lease_seconds=SHORT_SECONDS)
        slots.take("a")
        for _ in range(6):
            paced.time.wait(SHORT_SECONDS / 4)
            assert renew(slots, "a")
        assert not slots.take("b")

    def test_a_holder_that_was_too_slow_is_told_so(self, paced):
        slots = some_slots(paced, capacity=1, lease_seconds=SHORT_SECONDS)
        slots.take("slow")
        paced.time.wait(SHORT_SECONDS + A_MILLISECOND)
        assert not slots.keep("slow")
        assert slots.take("quick")
        assert not slots.keep("slow")

    def test_nobody_keeps_what_was_never_taken(self, paced):
        assert not some_slots(paced).keep("a")

    def test_a_memory_just_born_grants_nothing(self, paced):
        slots = slots_never_seen(paced)
        assert slots.take("a").wait_seconds == LONG_SECONDS
        assert not slots.take("a")
        assert slots.in_use() == 0

    def test_a_memory_is_trusted_when_it_is_as_old_as_a_lease(self, paced):
        slots = slots_never_seen(paced, lease_seconds=SHORT_SECONDS)
        paced.time.wait(slots.take("a").wait_seconds + A_MILLISECOND)
        assert slots.take("a")

    def test_a_wiped_redis_grants_nothing_until_all_that_were_held_have_lapsed(self, paced):
        slots = some_slots(paced)
        slots.take("a")
        paced.redis.flushdb()
        assert not slots.keep("a")
        assert slots.take("b").wait_seconds == LONG_SECONDS
        assert not slots.take("a")

    def test_an_account_that_was_idle_for_long_is_not_mistaken_for_a_wiped_one(self, paced):
        slots = some_slots(paced, lease_seconds=SHORT_SECONDS)
        slots.take("a")
        slots.give_back("a")
        paced.time.wait(2 * SHORT_SECONDS)
        assert slots.take("b")
        (key,) = paced.redis.keys()
        assert paced.redis.ttl(key) == -1

    def test_a_larger_capacity_counts_at_once(self, paced):
        slots = some_slots(paced, capacity=1)
        slots.take("a")
        assert slots.take("b", capacity=2)

    def test_a_smaller_capacity_takes_no_slot_away_and_grants_none_until_enough_came_back(self, paced):
        slots = some_slots(paced, capacity=3)
        for holder in ("a", "b", "c"):
            slots.take(holder)
        assert all(slots.keep(holder) for holder in ("a", "b", "c"))
        slots.give_back("a")
        assert not slots.take("d", capacity=2)
        slots.give_back("b")
        assert slots.take("d", capacity=2)

    def test_over_capacity_the_wait_is_for_as_many_leases_as_have_to_end(self, paced):
        slots = some_slots(paced, capacity=2)
        slots.take("a")
        paced.time.wait(A_MILLISECOND)
        slots.take("b")
        for_both, for_one = (slots.take("c", capacity).wait_seconds for capacity in (1, 2))
        assert for_both > for_one

    def test_accounts_do_not_share_slots(self, paced):
        acme, globex = some_slots(paced, 1, "acme"), some_slots(paced, 1, "globex")
        assert acme.take("a")
        assert globex.take("b")

    def test_all_clients_share_slots(self, paced):
        some_slots(paced, capacity=1).take("a")
        with paced.another_client(decode_responses=True) as client:
            there = Slots(client, "acme", 1, LONG_SECONDS)
            assert not there.take("b")
            assert there.keep("a")
            assert there.in_use() == 1

    def test_a_forgotten_script_is_loaded_again(self, paced):
        slots = some_slots(paced)
        paced.redis.script_flush()
        assert slots.take("a")

    def test_looking_opens_no_memory(self, paced):
        slots = slots_never_seen(paced)
        assert (slots.in_use(), slots.keep("a"), slots.give_back("a")) == (0, False, False)
        assert paced.redis.dbsize() == 0
