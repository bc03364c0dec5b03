"""Messages that others hear of: a configuration with receivers, messages that move, and what was told."""

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.support.factories import SERVICE_SID
from tests.support.followed import answered, report, under_way
from tests.support.stand_in import StandIn

SECRET = "events-secret"
HEAD = f"""
[services.default]
messaging_service_sid = "{SERVICE_SID}"
segments_per_second = 2000
burst_segments = 40

[services.offers]
from_number = "+15005550006"
"""


def policy(name: str, url: str, timeout_seconds: float = 10, **keys: object) -> str:
    """A policy that calls a receiver of its own at this address, and the receiver."""
    values = {"receiver": name, **keys}
    lines = "\n".join(f"{key} = {json.dumps(value)}" for key, value in values.items())
    return f"""
[events.{name}]
{lines}

[receivers.{name}]
url = "{url}/{name}"
secret = "env:DESK"
tenant = "{keys.get("tenant", "default")}"
private_addresses = true
timeout_seconds = {timeout_seconds}
"""


def reach(runtime: WorkerRuntime, *statuses: str, error_code: int | None = None, **send: Any) -> UUID:
    """Let Twilio take a message and report these statuses of it, one after the other; return its id."""
    (attempt,) = under_way(runtime, **send)
    answered(runtime, attempt)
    for status in statuses:
        hear(runtime, attempt.message.id, status, error_code)
    return attempt.message.id


def hear(runtime: WorkerRuntime, message_id: UUID, status: str, error_code: int | None = None) -> None:
    said = report(message_id, status, error_code=error_code)
    runtime.base.following.apply([replace(said, received_at=runtime.base.clock.now())])


def told(receiver: StandIn) -> list[dict[str, Any]]:
    """What a receiver was told, in order, repeats included."""
    return [json.loads(request.body) for request in receiver.requests]


def statuses(receiver: StandIn) -> list[str]:
    return [str(one.get("status")) for one in told(receiver)]


def notices(runtime: WorkerRuntime) -> list[tuple[Any, ...]]:
    """Each event's policy, status, state and attempts, in order."""
    statement = "select policy, status, state, attempts from notices order by id"
    with runtime.base.pool.connection() as connection:
        return connection.execute(statement).fetchall()


def states(runtime: WorkerRuntime) -> list[str]:
    return [state for _, _, state, _ in notices(runtime)]
