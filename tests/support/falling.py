"""Messages with fallback plans: handed over, reported on, and what has become of their steps."""

from typing import Any
from uuid import UUID

from messaging_pipeline.deliver import attempts
from messaging_pipeline.deliver.claims import Wanted, claim_due
from messaging_pipeline.fallback.start import StepId
from messaging_pipeline.ids import MessageId, ServiceKey
from messaging_pipeline.queues import Queue
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.support.followed import LEASE, report, shown, under_way
from tests.support.queued import queued

EMAIL = {"channel": "email", "to": "ada@example.com"}


def with_plan(runtime: WorkerRuntime, *plan: dict[str, Any], **send: Any) -> UUID:
    """A message at Twilio that brings a plan."""
    (attempt,) = under_way(runtime, fallback=list(plan), **send)
    return attempt.message.id


def let_leave(runtime: WorkerRuntime) -> None:
    """Let the requests of all that is due leave for Twilio."""
    now = runtime.base.clock.now()
    claimed = claim_due(runtime.base.pool, Wanted(ServiceKey("default"), 10), now=now, lease_until=now + LEASE)
    with runtime.base.pool.connection() as connection:
        for one in claimed:
            attempts.start(connection, one, now=now, lease_until=now + LEASE, worker="tests")


def told(runtime: WorkerRuntime, message_id: UUID, status: str, error_code: int | None = None) -> None:
    """Let Twilio report on a message."""
    runtime.following.apply([report(message_id, status, error_code=error_code)])


def run(runtime: WorkerRuntime, message_id: UUID, number: int) -> None:
    """Run a step as a worker would that was woken for it."""
    runtime.falling_back.run(StepId(MessageId(message_id), number))


def states(runtime: WorkerRuntime, message_id: UUID) -> list[tuple[int, str, str]]:
    """The steps that were written down: number, state and cause."""
    return [(one["number"], one["state"], one["cause"]) for one in shown(runtime, message_id)["fallback"]]


def woken(redis_url: str, message_id: UUID) -> list[int]:
    """The numbers of a message's steps that a worker was woken for."""
    return [
        task.arguments["number"]
        for task in queued(redis_url, Queue.FALLBACK)
        if task.arguments["message_id"] == str(message_id)
    ]
