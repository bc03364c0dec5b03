"""Leases of fallback steps: who was too slow is still believed, and speaks for nobody else."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal
from uuid import UUID

import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.fallback.leaving import Leaving
from messaging_pipeline.fallback.letters import Posted
from messaging_pipeline.fallback.run import MOST_ATTEMPTS
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.support.falling import EMAIL, let_leave, run, states, told, with_plan
from tests.support.followed import shown
from tests.support.lost_connections import lose_connections
from tests.support.metric_deltas import Counting

LANDLINE = 30006
SMS = {"channel": "sms", "to": "+14155550199"}
TASK = {"channel": "celery", "task": "shop.call_back", "queue": "shop"}

State = Literal["sent", "refused", "not_sent", "unconfirmed"]


class Killed(BaseException):
    """The end of a worker."""


@dataclass
class Acting:
    """A channel that does as it is told."""

    act: Callable[[Leaving], Posted]

    def send(self, leaving: Leaving) -> Posted:
        return self.act(leaving)


def answering(state: State, meanwhile: Callable[[], None]) -> Acting:
    """A channel that answers after something has happened in the world outside."""

    def act(leaving: Leaving) -> Posted:
        meanwhile()
        return Posted(state, "so it was")

    return Acting(act)


def killing() -> Acting:
    """A channel that no worker survives."""

    def act(leaving: Leaving) -> Posted:
        raise Killed

    return Acting(act)


def run_by(runtime: WorkerRuntime, message_id: UUID, channel: Acting) -> None:
    """Run a message's first step by a channel of the test's own."""
    channels = dict.fromkeys(runtime.falling_back.channels, channel)
    run(replace(runtime, falling_back=replace(runtime.falling_back, channels=channels)), message_id, 1)


def lapsing(runtime: WorkerRuntime, clock: ManualClock) -> Callable[[], None]:
    """Let a step's lease run out, and the sweep see it."""

    def lapse() -> None:
        clock.advance(121)
        runtime.sweep.run()

    return lapse


def failed(runtime: WorkerRuntime, *plan: dict[str, Any]) -> UUID:
    """A message with a plan whose first step waits."""
    message_id = with_plan(runtime, *plan)
    told(runtime, message_id, "undelivered", LANDLINE)
    return message_id


@pytest.mark.parametrize(
    ("state", "ends"),
    [
        ("sent", ["sent"]),
        ("refused", ["failed", "waiting"]),
        ("not_sent", ["waiting"]),
        ("unconfirmed", ["unconfirmed"]),
    ],
)
def test_an_answer_that_comes_after_the_lease_settles_the_doubt(
    runtime: WorkerRuntime, clock: ManualClock, state: State, ends: list[str]
) -> None:
    message_id = failed(runtime, EMAIL, EMAIL)
    run_by(runtime, message_id, answering(state, lapsing(runtime, clock)))
    assert [one for _, one, _ in states(runtime, message_id)] == ends


@pytest.mark.parametrize(
    ("state", "ends"), [("sent", ["sent"]), ("refused", ["failed", "waiting"]), ("not_sent", ["waiting"])]
)
def test_an_answer_outlives_a_restart_of_postgres(runtime: WorkerRuntime, state: State, ends: list[str]) -> None:
    message_id = failed(runtime, EMAIL, EMAIL)
    run_by(runtime, message_id, answering(state, lambda: lose_connections(runtime)))
    assert [one for _, one, _ in states(runtime, message_id)] == ends


def test_a_late_answer_spares_a_repeatable_step_its_repetition(runtime: WorkerRuntime, clock: ManualClock) -> None:
    message_id = failed(runtime, {**TASK, "repeatable": True})
    run_by(runtime, message_id, answering("sent", lapsing(runtime, clock)))
    assert states(runtime, message_id) == [(1, "sent", "undelivered")]


@pytest.mark.parametrize("state", ["sent", "refused", "not_sent"])
def test_a_late_answer_does_not_end_what_another_worker_has_in_hand(
    runtime: WorkerRuntime, clock: ManualClock, state: State
) -> None:
    message_id = failed(runtime, {**TASK, "repeatable": True}, EMAIL)
    counted = Counting("messaging_fallback_steps_total", channel="celery", state="sent")

    def another_takes_it() -> None:
        lapsing(runtime, clock)()
        with pytest.raises(Killed):
            run_by(runtime, message_id, killing())

    run_by(runtime, message_id, answering(state, another_takes_it))
    assert states(runtime, message_id) == [(1, "sending", "undelivered")]
    assert counted.count == 0


def test_a_step_that_kills_every_worker_is_left_alone_in_the_end(runtime: WorkerRuntime, clock: ManualClock) -> None:
    message_id = failed(runtime, {**TASK, "repeatable": True})
    for _ in range(MOST_ATTEMPTS):
        with pytest.raises(Killed):
            run_by(runtime, message_id, killing())
        lapsing(runtime, clock)()
    run_by(runtime, message_id, killing())  # which it does not
    assert states(runtime, message_id) == [(1, "unconfirmed", "undelivered")]


def test_a_second_message_that_fails_while_its_step_is_to_be_repeated_starts_the_next_step(
    runtime: WorkerRuntime, clock: ManualClock
) -> None:
    message_id = failed(runtime, SMS, EMAIL)

    by_sms = runtime.falling_back.channels["sms"]

    def hand_over_and_die(leaving: Leaving) -> Posted:
        by_sms.send(leaving)
        raise Killed

    with pytest.raises(Killed):
        run_by(runtime, message_id, Acting(hand_over_and_die))
    lapsing(runtime, clock)()
    second = shown(runtime, message_id)["fallback"][0]["sent_as"]
    let_leave(runtime)
    told(runtime, second, "failed", LANDLINE)
    run(runtime, message_id, 1)
    assert states(runtime, message_id) == [(1, "failed", "undelivered"), (2, "waiting", "undelivered")]
