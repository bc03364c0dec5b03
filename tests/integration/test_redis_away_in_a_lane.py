"""Redis goes away while a lane has messages in hand: they go out or go back at once, and wait for no lease."""

import time
from dataclasses import dataclass, replace
from typing import NoReturn

import pytest
from redis.exceptions import ConnectionError as RedisAway
from redis.exceptions import RedisError

from messaging_pipeline.deliver.lane import Lane
from messaging_pipeline.ids import MessageId, ServiceKey
from messaging_pipeline.pacing.slots import Slots
from messaging_pipeline.pacing.token_bucket import Grant, TokenBucket
from messaging_pipeline.services.lines import Line
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.support.delivering import DEFAULT, creates, show
from tests.support.factories import a_send


class Leaving(TokenBucket):
    """Grants so many tokens, and is away from then on."""

    def __init__(self, granted: int) -> None:
        self.left = [granted]
        self.granted_at = 0.0

    def take(self, want: int, at_least: int = 1) -> Grant:
        if not self.left:
            raise RedisAway
        self.granted_at = time.monotonic()
        return Grant(self.left.pop(), 0.0, 0)

    def give_back(self, unused: int, of: Grant) -> None:
        raise RedisAway


@dataclass
class Away:
    """Wake-ups without a Redis."""

    def begin(self, service: ServiceKey) -> None:
        """Redis was there when the task began."""

    def wake(self, service: ServiceKey) -> NoReturn:
        raise RedisAway

    def wake_later(self, service: ServiceKey, delay_seconds: float) -> NoReturn:
        raise RedisAway


def leaving(runtime: WorkerRuntime, granted: int) -> Lane:
    """A lane whose Redis leaves after the first tokens."""
    bucket, wake_ups, lane = Leaving(granted), Away(), runtime.lane
    bell = replace(lane.bell, wake_ups=wake_ups)
    supply = replace(lane.supply, bucket=lambda *_: bucket, wake_ups=wake_ups, bell=bell)
    return replace(lane, supply=supply, wake_ups=wake_ups, bell=bell)


def accepted(runtime: WorkerRuntime, count: int) -> list[MessageId]:
    return [runtime.base.accepting.accept(a_send(to=f"+1415{2_000_000 + one}")) for one in range(count)]


@pytest.mark.parametrize("granted", [2, 3, 20])
def test_what_was_claimed_with_the_last_tokens_goes_out(
    sending: WorkerRuntime, simulator: Simulator, granted: int
) -> None:
    ids = accepted(sending, 3)
    with pytest.raises(RedisError):
        leaving(sending, granted).run(DEFAULT)
    gone = min(granted, 3)
    assert len(creates(simulator)) == gone
    assert [show(sending, one)["status"] for one in ids] == ["accepted"] * gone + ["pending"] * (3 - gone)


def test_what_needs_fresh_tokens_goes_back_when_there_is_nobody_to_grant_them(sending: WorkerRuntime) -> None:
    (message_id,) = accepted(sending, 1)
    supply = leaving(sending, 1).supply
    batch = supply.next_batch(DEFAULT)
    assert batch is not None
    with pytest.raises(RedisError):
        supply.renew(batch, batch.messages)
    assert show(sending, message_id)["status"] == "pending"


def test_a_line_that_cannot_be_renewed_is_held_no_more(sending: WorkerRuntime) -> None:
    class Unreachable(Slots):
        def keep(self, holder: str) -> NoReturn:
            raise RedisAway

    slots = Unreachable(sending.base.redis, "away", 1, 20.0)
    slots.take("whoever made it")
    line = Line(slots, 1)
    line.held, line._renewed_at = True, time.monotonic() - 6.0
    assert not line.is_held()


def test_tokens_age_from_before_they_were_taken(sending: WorkerRuntime) -> None:
    """However long Postgres takes to find messages for them."""
    accepted(sending, 1)
    bucket = Leaving(1)
    batch = replace(sending.lane.supply, bucket=lambda *_: bucket).next_batch(DEFAULT)
    assert batch is not None
    assert batch.taken_at <= bucket.granted_at
