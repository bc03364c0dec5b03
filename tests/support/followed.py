"""Messages that Twilio is about to report on, the reports, and where both have led."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline.decide.next_step import next_step
from messaging_pipeline.decide.policy import Policy
from messaging_pipeline.deliver import attempts
from messaging_pipeline.deliver.attempts import Attempt
from messaging_pipeline.deliver.claims import Wanted, claim_due
from messaging_pipeline.follow.apply_evidence import Evidence
from messaging_pipeline.ids import MessageId, MessageSid, ServiceKey
from messaging_pipeline.messages.replaying import as_event
from messaging_pipeline.messages.state_machine import Standing, Status, replay
from messaging_pipeline.twilio_api.outcome import Accepted
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.support.factories import a_send

LEASE = timedelta(seconds=60)
_recipients = count()
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def under_way(runtime: WorkerRuntime, count: int = 1, *, tenant: str = "default", **send: Any) -> list[Attempt]:
    """Accept messages, claim them, and mark their requests as left; each is to somebody else."""
    base = runtime.base
    service = ServiceKey(str(send.get("service", "default")))
    for _ in range(count):
        base.accepting.accept(a_send(tenant=tenant, **{"to": f"+1415{2_000_000 + next(_recipients)}", **send}))
    now = base.clock.now()
    claimed = claim_due(base.pool, Wanted(service, 10 * count), now=now, lease_until=now + LEASE)
    with base.pool.connection() as connection:
        started = [attempts.start(connection, one, now=now, lease_until=now + LEASE, worker="tests") for one in claimed]
    assert len(started) == count
    return [attempt for attempt in started if attempt is not None]


def sid_of(message_id: UUID, kind: str = "SM") -> str:
    """A SID of the message's own; with another kind, one that is not its own."""
    return kind + message_id.hex


def report(message_id: UUID, status: str, **changes: Any) -> Evidence:
    """A callback whose path names the message."""
    values: dict[str, Any] = {
        "message_id": message_id,
        "tenant": "default",
        "sid": sid_of(message_id),
        "status": status,
        "error_code": None,
        "received_at": NOON,
        **changes,
    }
    return Evidence(**values)


def nameless(message_id: UUID, status: str, **changes: Any) -> Evidence:
    """A callback whose path names no message."""
    return replace(report(message_id, status, **changes), message_id=None)


def accepted(connection: Connection[TupleRow], attempt: Attempt, status: str = "queued") -> bool:
    """Write down that Twilio took the message; return whether that moved it."""
    answer = Accepted(MessageSid(sid_of(attempt.message.id)), status, 1)
    return attempts.finish(connection, attempt, next_step(answer, attempt.history(), Policy(), NOON), NOON)


def answered(runtime: WorkerRuntime, attempt: Attempt, status: str = "queued") -> bool:
    """Write down that Twilio took the message, in a connection of its own."""
    with runtime.base.pool.connection() as connection:
        return accepted(connection, attempt, status)


def shown(runtime: WorkerRuntime, message_id: UUID) -> dict[str, Any]:
    return runtime.base.tracing.message(MessageId(message_id))


def standing(runtime: WorkerRuntime, message_id: UUID) -> Standing:
    """Where the message's row stands, bound to the SID of the attempt under way."""
    with runtime.base.pool.connection() as connection:
        row = connection.execute("select status, sid from messages where id = %s", [message_id]).fetchone()
    assert row is not None
    return Standing(Status(row[0]), row[1])


def heard(runtime: WorkerRuntime, message_id: UUID) -> list[tuple[str, str, int | None, bool]]:
    """The callbacks in a message's history: status, SID, error code, and whether each moved it."""
    return [
        (event["status"], event["sid"], event["error_code"], event["moved"])
        for event in shown(runtime, message_id)["events"]
        if event["source"] == "callback"
    ]


def replayed(runtime: WorkerRuntime, message_id: UUID) -> Standing:
    """Where a message's history leads when it is read from the beginning."""
    events = shown(runtime, message_id)["events"]
    return replay(as_event(one["status"], one["source"], one["sid"], one["superseded"]) for one in events)
