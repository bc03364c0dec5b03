"""What a lane works with: tokens first, then the rows that they carry."""

import math
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from redis.exceptions import RedisError

from messaging_pipeline.clock import Clock
from messaging_pipeline.configuration import Configuration
from messaging_pipeline.db.pool import Pool
from messaging_pipeline.deliver.claims import (
    ClaimedMessage,
    Wanted,
    claim_due,
    left_of_cap,
    release,
    weight_of_next_due,
)
from messaging_pipeline.deliver.gates import ask_about_the_time
from messaging_pipeline.deliver.order import Turns
from messaging_pipeline.deliver.seats import Seats
from messaging_pipeline.deliver.till import used_now
from messaging_pipeline.gates.verdict import Answer
from messaging_pipeline.ids import ServiceKey
from messaging_pipeline.metrics import record_gate
from messaging_pipeline.pacing.daily_cap import CapDay, cap_day
from messaging_pipeline.pacing.token_bucket import Grant, TokenBucket
from messaging_pipeline.services.board import ServiceBoard
from messaging_pipeline.waking.bell import Bell
from messaging_pipeline.waking.wake_ups import WakeUps

#: A batch is a quarter second's worth of the rate, and no more than a thread sends in about two seconds.
_BATCH_SECONDS = 0.25
_LARGEST_BATCH_SEGMENTS = 20
#: A lane that finds fewer than this much of a second's tokens rests until they are there.
_WORTH_WAKING_SECONDS = 0.1
TOKEN_LIFETIME_SECONDS = 2.0
"""Tokens perish: a lane held up by a slow answer must not send what it was granted long ago on top of the rate."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Claimed messages, when (monotonic seconds) tokens for them were asked for, and the cap they count towards."""

    service: ServiceKey
    messages: Sequence[ClaimedMessage]
    taken_at: float
    cap: CapDay | None

    def has_perished(self) -> bool:
        """Tell whether the tokens are too old to send with."""
        return time.monotonic() - self.taken_at > TOKEN_LIFETIME_SECONDS


@dataclass(frozen=True, slots=True)
class _Terms:
    """The rate that a service has just now, and what a lane asks of it."""

    bucket: TokenBucket
    rate: float
    want: int
    at_least: int


@dataclass(frozen=True, slots=True)
class Supply:
    """Hands out batches, and takes back what was not sent of them."""

    pool: Pool
    clock: Clock
    configuration: Configuration
    board: ServiceBoard
    bucket: Callable[[str, float, int], TokenBucket]
    turns: Turns
    seats: Seats
    wake_ups: WakeUps
    bell: Bell
    lease: timedelta

    def next_batch(self, service: ServiceKey) -> Batch | None:
        """Take tokens and claim what they carry; None when the service may not send, has no tokens, or nothing is due.

        Where tokens will be there later, an alarm is set. Where there may be more than the batch carries, another
        lane is woken.
        """
        if not self.board.standing(service).sending:
            return None
        terms = self._terms(service)
        began = time.monotonic()
        grant = self._take(service, terms.bucket, terms.want, terms.at_least)
        if grant is None:
            return None
        wanted = Wanted(
            service,
            grant.granted,
            self.turns.next_order(service),
            cap_day(self.configuration, service, self.clock.now()),
        )
        batch = self._claim(wanted, terms.bucket, grant, began)
        if batch is None:
            return self._claim_other(wanted, terms)
        if sum(message.segments for message in batch.messages) == grant.granted:
            self._call_another(service, grant.granted == terms.want, terms.at_least / terms.rate)
        return batch

    def renew(self, batch: Batch, left: Sequence[ClaimedMessage]) -> float | None:
        """Take fresh tokens for what is left of a batch and return when; without them it goes back, with an alarm.

        The perished ones are not given back: by now the bucket has refilled their place.
        """
        weight = sum(message.segments for message in left)
        terms = self._terms(batch.service)
        began = time.monotonic()
        try:
            grant = self._take(batch.service, terms.bucket, weight, weight)
        except RedisError:
            self.put_back(batch, left, "waiting for Redis, which keeps the rate")
            raise
        if grant is None:
            self.put_back(batch, left, "waiting for the rate")
            return None
        return began

    def put_back(
        self,
        batch: Batch,
        left: Sequence[ClaimedMessage],
        reason: str,
        put_off: timedelta | None = None,
    ) -> None:
        """Give claimed messages back that were not started; their tokens lapse."""
        now = self.clock.now()
        due_at = None if put_off is None else now + put_off
        release(self.pool, left, reason=reason, now=now, due_at=due_at, cap=batch.cap)

    def let_wait(self, messages: Sequence[ClaimedMessage], answer: Answer, cap: CapDay | None) -> None:
        """Give back what has to wait at a gate, to be due when that lets it through."""
        verdict, now = answer.verdict, self.clock.now()
        release(self.pool, messages, reason=verdict.reason, now=now, due_at=verdict.until, gate=answer.gate, cap=cap)
        record_gate(answer.gate, "waits", len(messages))

    def _terms(self, service: ServiceKey) -> _Terms:
        standing = self.board.standing(service)
        rate = standing.segments_per_second
        want = min(math.ceil(rate * _BATCH_SECONDS), _LARGEST_BATCH_SEGMENTS, standing.burst)
        bucket = self.bucket(service, rate, standing.burst)
        return _Terms(bucket, rate, want, min(want, math.ceil(rate * _WORTH_WAKING_SECONDS)))

    def _take(self, service: ServiceKey, bucket: TokenBucket, want: int, at_least: int) -> Grant | None:
        """Take tokens, or set the alarm for when they are there."""
        grant = bucket.take(want, at_least)
        if grant.granted:
            return grant
        self.wake_ups.wake_later(service, grant.wait_seconds)
        return None

    def _claim(self, wanted: Wanted, bucket: TokenBucket, grant: Grant, began: float) -> Batch | None:
        """Claim what the tokens carry, and give back the ones that nothing was found for.

        A batch may be empty: all that was claimed has to wait, and there may be more behind it. ``began`` is when the
        tokens were asked for: they have aged while Postgres was.
        """
        now = self.clock.now()
        claimed = claim_due(self.pool, wanted, now=now, lease_until=now + self.lease)
        awake = self._without_those_who_wait(claimed, wanted.cap)
        spare = grant.granted - sum(message.segments for message in awake)
        if spare:
            with suppress(RedisError):  # then they lapse; what was claimed must not wait for its lease to run out
                bucket.give_back(spare, grant)
        return Batch(wanted.service, awake, began, wanted.cap) if claimed else None

    def _without_those_who_wait(self, claimed: Sequence[ClaimedMessage], cap: CapDay | None) -> list[ClaimedMessage]:
        """Put off what may not leave at this hour: it must not use up the rate of those who are awake."""
        now = self.clock.now()
        used = used_now(self.pool, self.configuration, claimed, now)
        asked = [(message, ask_about_the_time(self.configuration, message, now, used)) for message in claimed]
        for answer in {answer for _, answer in asked if answer.verdict.outcome == "waits"}:
            self.let_wait([message for message, its_answer in asked if its_answer == answer], answer, cap)
        return [message for message, answer in asked if answer.verdict.outcome != "waits"]

    def _claim_other(self, wanted: Wanted, terms: _Terms) -> Batch | None:
        """Nothing was claimed: the cap is spent, the next message weighs more than the batch, or nothing is due."""
        left = wanted.segments if wanted.cap is None else left_of_cap(self.pool, wanted.cap)
        weight = weight_of_next_due(self.pool, wanted, self.clock.now())
        if weight is None:
            return None
        if wanted.cap is not None and weight > left:
            self._rest_until_next_day(wanted.service, wanted.cap)
            return None
        if weight <= wanted.segments:
            return None
        began = time.monotonic()
        grant = self._take(wanted.service, terms.bucket, weight, weight)
        heavier = Wanted(wanted.service, weight, wanted.order, wanted.cap)
        return self._claim(heavier, terms.bucket, grant, began) if grant else None

    def _rest_until_next_day(self, service: ServiceKey, cap: CapDay) -> None:
        self.wake_ups.wake_later(service, (cap.ends_at - self.clock.now()).total_seconds())

    def _call_another(self, service: ServiceKey, tokens_are_left: bool, worth_waking_seconds: float) -> None:
        """There may be more than this lane carries: wake another one, at once or when it will find tokens.

        Where the service has its share of this worker's threads, its lanes carry on by themselves; other workers are
        woken whenever one of them ends.
        """
        if not self.seats.has_room_for(service):
            return
        if tokens_are_left:
            self.bell.ring(service)
        else:
            self.bell.ring_later(service, worth_waking_seconds)
