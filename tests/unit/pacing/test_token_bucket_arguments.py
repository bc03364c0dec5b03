"""Wrong arguments are refused before anybody is asked."""

import math

import pytest
from fakeredis import FakeRedis, FakeServer

from messaging_pipeline.errors import InvalidInput
from messaging_pipeline.pacing.token_bucket import Buckets, Grant, TokenBucket


@pytest.fixture
def redis():
    server = FakeServer()
    server.connected = False
    with FakeRedis(server=server) as client:
        yield client


@pytest.mark.parametrize("rate", [0, -1, 0.000_9, 10_001, math.inf, math.nan])
def test_a_rate_out_of_range_is_refused(redis, rate):
    with pytest.raises(InvalidInput, match="rate_per_second"):
        TokenBucket(redis, "marketing", rate, 10)


@pytest.mark.parametrize("burst", [0, -1, 1_000_001])
def test_a_burst_out_of_range_is_refused(redis, burst):
    with pytest.raises(InvalidInput, match="burst"):
        TokenBucket(redis, "marketing", 1.0, burst)


@pytest.mark.parametrize(("want", "at_least"), [(0, 1), (1, 0), (1, 2), (-1, -1)])
def test_a_take_that_makes_no_sense_is_refused(redis, want, at_least):
    with pytest.raises(InvalidInput, match="at_least"):
        TokenBucket(redis, "marketing", 1.0, 10).take(want, at_least)


@pytest.mark.parametrize("unused", [-1, 4])
def test_more_than_was_granted_cannot_be_given_back(redis, unused):
    with pytest.raises(InvalidInput, match="unused"):
        TokenBucket(redis, "marketing", 1.0, 10).give_back(unused, of=Grant(3, 0.0, 0))


@pytest.mark.parametrize(("rate", "burst", "field"), [(math.nan, 10, "rate_per_second"), (1.0, 0, "burst")])
def test_a_bucket_is_not_handed_out_at_a_rate_out_of_range(redis, rate, burst, field):
    with pytest.raises(InvalidInput, match=field):
        Buckets(redis).bucket("marketing", rate, burst)
