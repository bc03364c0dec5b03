"""Leases: a worker that dies leaves nothing lost, nothing doubled, and only in doubt what really is."""

from datetime import timedelta

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.decide.next_step import next_step
from messaging_pipeline.decide.policy import Policy
from messaging_pipeline.deliver import attempts
from messaging_pipeline.deliver.attempts import Attempt
from messaging_pipeline.deliver.claims import ClaimedMessage, Wanted, claim_due, release
from messaging_pipeline.ids import MessageId, MessageSid
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.twilio_api.outcome import Accepted, NotSent
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.support.delivering import DEFAULT, creates, drain, show
from tests.support.factories import a_send

LEASE = timedelta(seconds=60)
SID = MessageSid("SM" + "c" * 32)


def claim(runtime: WorkerRuntime, clock: ManualClock) -> ClaimedMessage:
    (message,) = claim_due(runtime.base.pool, Wanted(DEFAULT, 10), now=clock.now(), lease_until=clock.now() + LEASE)
    return message


def start(runtime: WorkerRuntime, message: ClaimedMessage, clock: ManualClock) -> Attempt | None:
    with runtime.base.pool.connection() as connection:
        return attempts.start(connection, message, now=clock.now(), lease_until=clock.now() + LEASE, worker="a test")


def finish(runtime: WorkerRuntime, attempt: Attempt | None, outcome: Accepted | NotSent, clock: ManualClock) -> None:
    assert attempt is not None
    with runtime.base.pool.connection() as connection:
        attempts.finish(connection, attempt, next_step(outcome, attempt.history(), Policy(), clock.now()), clock.now())


def a_claimed_message(runtime: WorkerRuntime, clock: ManualClock) -> tuple[MessageId, ClaimedMessage]:
    return runtime.base.accepting.accept(a_send()), claim(runtime, clock)


def test_a_worker_that_died_before_the_request_left_loses_nothing(
    sending: WorkerRuntime, simulator: Simulator, clock: ManualClock
) -> None:
    message_id, _ = a_claimed_message(sending, clock)
    clock.advance(61)
    sending.sweep.run()
    assert show(sending, message_id)["status"] == "pending"
    drain(sending)
    assert len(creates(simulator)) == 1


def test_a_worker_that_died_after_the_mark_leaves_doubt_and_nobody_sends_again(
    sending: WorkerRuntime, simulator: Simulator, clock: ManualClock
) -> None:
    message_id, message = a_claimed_message(sending, clock)
    start(sending, message, clock)
    clock.advance(61)
    sending.sweep.run()
    drain(sending)
    shown = show(sending, message_id)
    assert (shown["status"], shown["attempts"][0]["outcome"]) == ("unconfirmed", "unconfirmed")
    assert creates(simulator) == []


def test_a_lease_that_runs_is_left_alone(sending: WorkerRuntime, clock: ManualClock) -> None:
    message_id, _ = a_claimed_message(sending, clock)
    clock.advance(59)
    sending.sweep.run()
    assert show(sending, message_id)["status"] == "claimed"


def test_a_worker_that_lost_its_claim_may_not_send(sending: WorkerRuntime, clock: ManualClock) -> None:
    _, lost = a_claimed_message(sending, clock)
    clock.advance(61)
    sending.sweep.run()
    held = claim(sending, clock)
    assert start(sending, lost, clock) is None
    assert start(sending, held, clock) is not None


def test_a_second_mark_while_a_request_is_under_way_is_refused(sending: WorkerRuntime, clock: ManualClock) -> None:
    message_id, message = a_claimed_message(sending, clock)
    assert start(sending, message, clock) is not None
    assert start(sending, message, clock) is None
    assert len(show(sending, message_id)["attempts"]) == 1


def test_a_late_acceptance_settles_the_doubt(sending: WorkerRuntime, clock: ManualClock) -> None:
    message_id, message = a_claimed_message(sending, clock)
    attempt = start(sending, message, clock)
    clock.advance(61)
    sending.sweep.run()
    finish(sending, attempt, Accepted(SID, "queued", 1), clock)
    shown = show(sending, message_id)
    assert (shown["status"], shown["sid"], shown["attempts"][0]["outcome"]) == ("queued", SID, "accepted")


def test_a_late_proof_that_nothing_was_sent_puts_it_back(sending: WorkerRuntime, clock: ManualClock) -> None:
    message_id, message = a_claimed_message(sending, clock)
    attempt = start(sending, message, clock)
    clock.advance(61)
    sending.sweep.run()
    finish(sending, attempt, NotSent("unreachable", None, None, None, "refused"), clock)
    assert show(sending, message_id)["status"] == "pending"


def test_released_messages_are_pending_again_and_a_started_one_cannot_be_released_by_a_stranger(
    sending: WorkerRuntime, clock: ManualClock
) -> None:
    message_id, message = a_claimed_message(sending, clock)
    release(sending.base.pool, [message], reason="waiting for the rate", now=clock.now())
    again = claim(sending, clock)
    release(sending.base.pool, [message], reason="stale", now=clock.now())
    assert show(sending, message_id)["status"] == "claimed"
    assert again.claim_id != message.claim_id
