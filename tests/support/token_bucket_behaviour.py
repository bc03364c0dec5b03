"""What a token bucket does on any Redis; the fake one and a real server are held to the same sentences.

On a real server time passes between two calls, so tests that count use a rate at which nothing grows
meanwhile, and tests of a wait subtract what the grants say has passed.
"""

import pytest

from messaging_pipeline.pacing.token_bucket import MAX_RATE_PER_SECOND, Buckets, Grant, TokenBucket
from tests.support.paced_redis import PacedRedis

#: A token in a hundred seconds: as good as none.
FROZEN = 0.01
A_MICROSECOND = 0.000_001
A_MILLISECOND = 0.001  # hosts and servers need not agree on how long a second is


def a_bucket(paced: PacedRedis, rate=FROZEN, burst=10, name="marketing") -> TokenBucket:
    return TokenBucket(paced.redis, name, rate, burst)


def a_full_bucket(paced: PacedRedis, rate=FROZEN, burst=10, name="marketing") -> TokenBucket:
    """Filled fast, then slowed down: a change of rate keeps the tokens."""
    fast = a_bucket(paced, MAX_RATE_PER_SECOND, burst, name)
    fast.take(1)
    for _ in range(1_000):
        if fast.level() == burst:
            return a_bucket(paced, rate, burst, name)
        paced.time.wait(burst / MAX_RATE_PER_SECOND)
    raise AssertionError("the bucket does not get full")


def seconds_between(first: Grant, second: Grant) -> float:
    return (second.at_microseconds - first.at_microseconds) / 1_000_000


class TokenBucketBehaviour:
    """Inherit from it and offer a fixture ``paced``."""

    def test_a_bucket_seen_for_the_first_time_is_empty(self, paced):
        refused = a_bucket(paced, rate=50).take(10)
        assert (refused.granted, refused.wait_seconds) == (0, 1 / 50)

    def test_tokens_are_there_when_the_wait_is_over(self, paced):
        bucket = a_bucket(paced, rate=500)
        refused = bucket.take(10, at_least=5)
        paced.time.wait(refused.wait_seconds + A_MILLISECOND)
        assert bucket.take(10, at_least=5).granted >= 5

    def test_a_grant_is_what_is_there_when_less_than_wanted(self, paced):
        bucket = a_full_bucket(paced)
        assert [bucket.take(4).granted, bucket.take(25).granted] == [4, 6]

    def test_a_grant_comes_without_a_wait(self, paced):
        assert a_full_bucket(paced).take(3).wait_seconds == 0.0

    def test_nothing_is_granted_when_there_is_less_than_needed(self, paced):
        bucket = a_full_bucket(paced)
        first = bucket.take(7)
        refused = bucket.take(8, at_least=5)
        assert refused.granted == 0
        assert refused.wait_seconds == pytest.approx(2 / FROZEN - seconds_between(first, refused))

    def test_a_refusal_costs_nothing(self, paced):
        bucket = a_full_bucket(paced)
        bucket.take(7)
        bucket.take(5, at_least=5)
        assert bucket.take(3, at_least=3).granted == 3

    def test_a_message_heavier_than_the_burst_waits_for_a_full_bucket(self, paced):
        bucket = a_full_bucket(paced)
        first = bucket.take(1)
        refused = bucket.take(15, at_least=15)
        assert refused.granted == 0
        assert refused.wait_seconds == pytest.approx(1 / FROZEN - seconds_between(first, refused))

    def test_a_message_heavier_than_the_burst_passes_a_full_bucket_and_no_more_than_it(self, paced):
        assert a_full_bucket(paced).take(40, at_least=15).granted == 15

    def test_a_message_heavier_than_the_burst_is_paid_for_in_full(self, paced):
        bucket = a_full_bucket(paced)
        heavy = bucket.take(15, at_least=15)
        assert bucket.level() == pytest.approx(-5, abs=0.5)
        refused = bucket.take(1)
        assert refused.wait_seconds == pytest.approx(6 / FROZEN - seconds_between(heavy, refused))

    def test_tokens_given_back_can_be_taken_again(self, paced):
        bucket = a_full_bucket(paced)
        grant = bucket.take(10)
        bucket.give_back(4, of=grant)
        assert bucket.take(10).granted == 4

    def test_the_remainder_of_a_grant_comes_back_whole_while_the_rest_of_it_is_being_refilled(self, paced):
        bucket = a_full_bucket(paced, rate=1)
        grant = bucket.take(10)
        paced.time.wait(0.05)
        bucket.give_back(2, of=grant)
        assert bucket.take(10).granted >= 2

    def test_giving_back_does_not_lift_a_bucket_above_its_burst(self, paced):
        grant = a_full_bucket(paced).take(10)
        smaller = a_bucket(paced, burst=3)
        smaller.give_back(10, of=grant)
        assert smaller.level() == 3

    def test_giving_back_nothing_changes_nothing(self, paced):
        bucket = a_full_bucket(paced)
        grant = bucket.take(10)
        bucket.give_back(0, of=grant)
        assert bucket.take(1).granted == 0

    def test_the_level_is_what_was_not_taken(self, paced):
        bucket = a_full_bucket(paced)
        bucket.take(7)
        assert bucket.level() == pytest.approx(3, abs=0.5)

    def test_reading_the_level_opens_no_bucket(self, paced):
        assert a_bucket(paced).level() == 0
        assert paced.redis.dbsize() == 0

    def test_a_slow_sender_made_fast_does_not_sit_out_its_old_wait(self, paced):
        a_bucket(paced, rate=FROZEN).take(1)
        assert a_bucket(paced, rate=100).take(1).wait_seconds <= 1 / 100 + A_MICROSECOND

    def test_a_fast_sender_made_slow_does_not_begin_with_a_burst(self, paced):
        bucket = a_full_bucket(paced)
        bucket.take(10)
        slower = a_bucket(paced, rate=FROZEN / 10)
        assert slower.take(1).granted == 0

    def test_a_full_bucket_stays_full_at_another_rate(self, paced):
        a_full_bucket(paced).take(1)
        assert a_bucket(paced, rate=FROZEN / 10).take(10).granted == 9

    def test_a_burst_made_larger_counts_at_once_and_forgives_nothing(self, paced):
        a_full_bucket(paced, burst=10).take(6)
        assert a_bucket(paced, burst=20).take(20).granted == 14

    def test_a_burst_made_smaller_counts_at_once_and_forgives_nothing(self, paced):
        a_full_bucket(paced, burst=10).take(6)
        smaller = a_bucket(paced, burst=5)
        assert smaller.take(1).granted == 0
        assert smaller.level() == pytest.approx(-1, abs=0.5)

    def test_a_wiped_redis_leaves_an_empty_bucket(self, paced):
        bucket = a_full_bucket(paced)
        paced.redis.flushdb()
        assert bucket.take(1).granted == 0

    def test_a_forgotten_script_is_loaded_again(self, paced):
        bucket = a_full_bucket(paced)
        paced.redis.script_flush()
        assert bucket.take(1).granted == 1

    def test_a_bucket_never_expires(self, paced):
        a_full_bucket(paced).take(1)
        (key,) = paced.redis.keys()
        assert paced.redis.ttl(key) == -1

    def test_services_do_not_share_a_bucket(self, paced):
        alerts = a_full_bucket(paced, name="alerts")
        a_full_bucket(paced, name="marketing").take(10)
        assert alerts.take(10).granted == 10

    def test_all_clients_share_a_bucket(self, paced):
        a_full_bucket(paced).take(9)
        with paced.another_client(decode_responses=True) as client:
            assert TokenBucket(client, "marketing", FROZEN, 10).take(10).granted == 1

    def test_buckets_handed_out_at_another_rate_are_the_same_bucket(self, paced):
        a_full_bucket(paced).take(6)
        buckets = Buckets(paced.redis)
        assert buckets.bucket("marketing", FROZEN / 10, 10).take(10).granted == 4
        assert buckets.bucket("marketing", FROZEN, 20).take(20).granted == 10

    def test_buckets_handed_out_by_name_do_not_share_tokens(self, paced):
        a_full_bucket(paced, name="alerts")
        buckets = Buckets(paced.redis)
        assert buckets.bucket("marketing", FROZEN, 10).take(1).granted == 0
        assert buckets.bucket("alerts", FROZEN, 10).take(10).granted == 10

    def test_buckets_outlive_a_forgotten_script(self, paced):
        a_full_bucket(paced)
        buckets = Buckets(paced.redis)
        paced.redis.script_flush()
        assert buckets.bucket("marketing", FROZEN, 10).take(10).granted == 10
