"""The promise: in any stretch of t seconds no more than burst + rate x t tokens are used."""

import threading
from itertools import combinations_with_replacement

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from messaging_pipeline.pacing.token_bucket import TokenBucket
from tests.support.paced_redis import NOON, fake_redis
from tests.support.rate_bound import Use, most_above_rate

rates = st.sampled_from([0.5, 3.0, 7.3, 50.0, 1_000.0])
bursts = st.integers(1, 20)
takes = st.tuples(st.just("take"), st.integers(1, 30), st.integers(1, 25))
give_backs = st.tuples(st.just("give_back"), st.integers(0, 30), st.integers(0, 30))
waits = st.tuples(st.just("wait"), st.floats(0, 1.5), st.none())
histories = st.lists(takes | give_backs | waits, max_size=40)


class Sender:
    """Lives through a history and keeps a log of what it used in the end."""

    def __init__(self, paced, rate, burst):
        self._time = paced.time
        self._tokens_to_seconds = burst / rate
        self._bucket = TokenBucket(paced.redis, "marketing", rate, burst)
        self._held = []
        self.uses = []

    def live(self, history):
        for step, first, second in history:
            getattr(self, step)(first, second)
        self.uses += [Use(grant.at_microseconds, grant.granted) for grant in self._held]

    def take(self, want, at_least):
        grant = self._bucket.take(max(want, at_least), at_least)
        if grant.granted:
            self._held.append(grant)

    def give_back(self, which, unused):
        if not self._held:
            return
        grant = self._held.pop(which % len(self._held))
        unused %= grant.granted + 1
        self._bucket.give_back(unused, of=grant)
        self.uses.append(Use(grant.at_microseconds, grant.granted - unused))

    def wait(self, of_the_time_to_fill, _):
        self._time.wait(of_the_time_to_fill * self._tokens_to_seconds)


@settings(max_examples=150, deadline=None)
@given(rate=rates, burst=bursts, history=histories)
def test_no_history_of_takes_and_returns_beats_the_rate(rate, burst, history):
    with fake_redis() as paced:
        sender = Sender(paced, rate, burst)
        sender.live(history)
    heaviest = max((use.tokens for use in sender.uses), default=0)
    a_microsecond = rate / 1_000_000
    assert most_above_rate(sender.uses, rate) <= max(burst, heaviest) + 2 * a_microsecond


@settings(max_examples=50, deadline=None)
@given(rate=rates, burst=bursts, history=histories, need=st.integers(1, 25))
def test_after_any_history_tokens_are_there_when_the_wait_is_over(rate, burst, history, need):
    with fake_redis() as paced:
        Sender(paced, rate, burst).live(history)
        bucket = TokenBucket(paced.redis, "marketing", rate, burst)
        refused = bucket.take(need, at_least=need)
        assume(not refused.granted)
        paced.time.wait(refused.wait_seconds)
        assert bucket.take(need, at_least=need).granted == need


@given(
    uses=st.lists(st.builds(Use, st.integers(0, 5_000_000), st.integers(0, 9)), max_size=8),
    rate=rates,
)
def test_the_judge_finds_the_worst_stretch_of_all(uses, rate):
    moments = sorted(use.at_microseconds for use in uses)
    stretches = [
        sum(use.tokens for use in uses if start <= use.at_microseconds <= end) - (end - start) * rate / 1_000_000
        for start, end in combinations_with_replacement(moments, 2)
    ]
    assert most_above_rate(uses, rate) == pytest.approx(max(stretches, default=0.0))


def test_eight_workers_share_a_rate_for_twenty_seconds_and_waste_none_of_it():
    rate, burst, workers, steps, step_seconds = 50, 10, 8, 400, 0.05
    uses: list[Use] = []

    with fake_redis() as paced:
        together = threading.Barrier(workers, action=lambda: paced.time.wait(step_seconds))

        def work(appetite):
            with paced.another_client() as client:
                bucket = TokenBucket(client, "marketing", rate, burst)
                for _ in range(steps):
                    grant = bucket.take(appetite)
                    uses.append(Use(grant.at_microseconds, grant.granted))
                    together.wait(timeout=60)

        threads = [threading.Thread(target=work, args=(1 + number,)) for number in range(workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = (paced.time.microseconds - NOON) / 1_000_000

    assert len(uses) == workers * steps
    assert most_above_rate(uses, rate) <= burst
    assert 0.99 * rate * seconds <= sum(use.tokens for use in uses) <= rate * seconds
