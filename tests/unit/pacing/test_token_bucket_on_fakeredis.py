"""The token bucket on a fake Redis whose time is moved by hand: what is true to the microsecond."""

import pytest

from messaging_pipeline.pacing.token_bucket import Grant, TokenBucket
from tests.support.paced_redis import NOON, fake_redis
from tests.support.token_bucket_behaviour import A_MICROSECOND, TokenBucketBehaviour, a_bucket, a_full_bucket

A_YEAR = 365 * 86_400


@pytest.fixture
def paced():
    with fake_redis() as redis:
        yield redis


class TestOnFakeredis(TokenBucketBehaviour):
    """Everything that holds on any Redis."""


def test_a_grant_tells_the_time_of_the_server(paced):
    paced.time.wait(1.5)
    assert a_bucket(paced).take(1).at_microseconds == NOON + 1_500_000


@pytest.mark.parametrize("rate", [0.001, 0.7, 3, 7, 100, 9_999, 10_000])
@pytest.mark.parametrize("tokens", [1, 3, 10])
def test_the_wait_is_exact_to_the_microsecond(paced, rate, tokens):
    bucket = a_bucket(paced, rate)
    refused = bucket.take(10, at_least=tokens)
    paced.time.wait(refused.wait_seconds - A_MICROSECOND)
    assert bucket.take(10, at_least=tokens) == Grant(0, A_MICROSECOND, paced.time.microseconds)
    paced.time.wait(A_MICROSECOND)
    assert bucket.take(10, at_least=tokens).granted == tokens


def test_the_first_token_of_a_new_bucket_comes_after_one_interval(paced):
    assert a_bucket(paced, rate=4).take(1).wait_seconds == 0.25


def test_a_bucket_left_alone_for_a_year_is_full_and_no_fuller(paced):
    bucket = a_bucket(paced, rate=100)
    bucket.take(1)
    paced.time.wait(A_YEAR)
    assert bucket.take(1_000).granted == 10


def test_a_message_heavier_than_the_burst_passes_when_its_wait_is_over(paced):
    bucket = a_bucket(paced, rate=3)
    paced.time.wait(bucket.take(15, at_least=15).wait_seconds)
    assert bucket.take(15, at_least=15).granted == 15


def test_tokens_that_were_refilled_meanwhile_are_not_returned_as_well(paced):
    bucket = a_full_bucket(paced, rate=1)
    held = bucket.take(10)
    paced.time.wait(25)
    assert bucket.take(10).granted == 10
    bucket.give_back(10, of=held)
    assert bucket.take(10).granted == 0


def test_tokens_held_for_half_their_time_lose_half_of_themselves(paced):
    bucket = a_full_bucket(paced, rate=1)
    held = bucket.take(10)
    paced.time.wait(5)
    assert bucket.take(10).granted == 5
    bucket.give_back(10, of=held)
    assert bucket.take(10).granted == 5


def test_two_holders_do_not_get_back_more_than_one_would(paced):
    bucket = a_full_bucket(paced, rate=1)
    first, second = bucket.take(5), bucket.take(5)
    bucket.give_back(5, of=first)
    paced.time.wait(5)
    used = bucket.take(5).granted
    bucket.give_back(5, of=second)
    used += bucket.take(10).granted
    assert used == 10


def test_a_server_clock_set_back_does_not_stop_the_bucket(paced):
    bucket = a_full_bucket(paced, rate=1)
    bucket.take(10)
    paced.time.wait(-3_600)
    assert bucket.take(1).wait_seconds == 1.0
    paced.time.wait(1)
    assert bucket.take(1).granted == 1


def test_a_server_clock_set_back_returns_no_more_than_was_granted(paced):
    bucket = a_full_bucket(paced, rate=1)
    grant = bucket.take(4)
    paced.time.wait(-3_600)
    bucket.give_back(4, of=grant)
    assert bucket.take(20).granted == 10


def test_grants_one_by_one_at_an_uneven_rate_gain_nothing_and_lose_less_than_a_hundredth(paced):
    bucket = TokenBucket(paced.redis, "marketing", 7_001, 1)
    for _ in range(700):
        paced.time.wait(bucket.take(1).wait_seconds)
        bucket.take(1)
    seconds = (paced.time.microseconds - NOON) / 1_000_000
    assert 0.99 * 7_001 * seconds <= 700 <= 7_001 * seconds
