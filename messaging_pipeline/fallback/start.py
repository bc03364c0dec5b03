"""Starts the steps of plans and withdraws them, inside the transaction of whatever happened to their message."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline.db.queries import sql
from messaging_pipeline.errors import NotReachable
from messaging_pipeline.fallback.succession import step_to_start, words_for
from messaging_pipeline.ids import MessageId
from messaging_pipeline.messages.plan import LATE, Step, stored_plan
from messaging_pipeline.messages.state_machine import ARRIVALS, FAILURES, FALLBACK_CAUSES, Status
from messaging_pipeline.metrics import record_fallback_step
from messaging_pipeline.publish import Publisher
from messaging_pipeline.queues import Task
from messaging_pipeline.sealing import CannotUnseal, Sealer

#: The channel of a step whose plan no key opens.
_SEALED = "sealed"

_NEEDLESS = "the message in whose place it was to go arrived after all"


@dataclass(frozen=True, slots=True)
class StepId:
    """One step of one message's plan."""

    message_id: MessageId
    number: int


@dataclass(frozen=True, slots=True)
class _Starting:
    """A step that starts now, by what status of its message, and what it says has started it."""

    step: StepId
    channel: str
    repeatable: bool
    status: str
    cause: str


def start_fallbacks(
    connection: Connection[TupleRow], sealer: Sealer, message_ids: Collection[MessageId], now: datetime
) -> list[StepId]:
    """Write down the step that starts now, for each message that has failed and has a plan; return the new ones.

    The key of the table makes each step at most one, however often and from wherever a failure is heard. A message
    that was itself a step lets that one fail, and its message's next step starts.
    """
    if not message_ids:
        return []
    values = {"message_ids": list(message_ids), "failures": sorted(FAILURES), "now": now}
    failed = connection.execute(sql("fail_steps_sent_as"), values).fetchall()
    concerned = [*message_ids, *(message_id for (message_id,) in failed)]
    rows = connection.execute(sql("plans_of"), {"message_ids": concerned}).fetchall()
    states = _states(connection, [row[0] for row in rows])
    starting = [
        one
        for message_id, status, error_code, sealed in rows
        for one in _starting(sealer, message_id, status, error_code, sealed, states.get(message_id, {}))
    ]
    if not starting:
        return []
    started = connection.execute(
        sql("start_fallback"),
        {
            "message_ids": [one.step.message_id for one in starting],
            "numbers": [one.step.number for one in starting],
            "channels": [one.channel for one in starting],
            "repeatable": [one.repeatable for one in starting],
            "statuses": [one.status for one in starting],
            "causes": [one.cause for one in starting],
            "now": now,
        },
    ).fetchall()
    return [StepId(MessageId(message_id), number) for message_id, number in started]


def plan_by_the_clock(
    connection: Connection[TupleRow], message_id: MessageId, plan: Sequence[Step], due_at: datetime, now: datetime
) -> None:
    """Write down the steps that start when a message due at ``due_at`` has not arrived within their time."""
    for number, step in enumerate(plan, start=1):
        if step.not_delivered_within is not None:
            values = {
                "message_id": message_id,
                "number": number,
                "channel": step.channel,
                "repeatable": step.repeatable,
                "cause": LATE,
                "due_at": due_at + timedelta(seconds=step.not_delivered_within),
                "now": now,
            }
            connection.execute(sql("plan_fallback_step"), values)


def settle_fallbacks(connection: Connection[TupleRow], message_ids: Collection[MessageId], now: datetime) -> list[str]:
    """Withdraw what nobody needs any more of these messages' steps; return the channels of those withdrawn.

    A step that has left is left alone, and it is noted that the message arrived all the same.
    """
    if not message_ids:
        return []
    values = {"message_ids": list(message_ids), "arrivals": sorted(ARRIVALS), "now": now}
    not_left = connection.execute(sql("withdraw_messages_of_steps"), {**values, "reason": _NEEDLESS}).fetchall()
    rows = connection.execute(sql("settle_fallback_steps"), values).fetchall()
    return [channel for (channel,) in not_left] + [channel for channel, state in rows if state == "withdrawn"]


def record_withdrawn(channels: Collection[str]) -> None:
    """Count steps that were withdrawn, after the commit."""
    for channel in channels:
        record_fallback_step(channel, "withdrawn")


def wake_fallbacks(publisher: Publisher, steps: Collection[StepId]) -> None:
    """Wake a worker for each step; call it after the commit. What is not heard, the sweep wakes."""
    for step in steps:
        try:
            publisher.publish(Task.RUN_FALLBACK, {"message_id": str(step.message_id), "number": step.number})
        except NotReachable:
            return


def _states(connection: Connection[TupleRow], message_ids: Sequence[MessageId]) -> Mapping[MessageId, dict[int, str]]:
    states: dict[MessageId, dict[int, str]] = {}
    rows = connection.execute(sql("states_of_fallback_steps"), {"message_ids": list(message_ids)}).fetchall()
    for message_id, number, state in rows:
        states.setdefault(message_id, {})[number] = state
    return states


def _starting(
    sealer: Sealer,
    message_id: MessageId,
    status: str,
    error_code: int | None,
    sealed: bytes,
    states: Mapping[int, str],
) -> Iterator[_Starting]:
    cause = status if status in FALLBACK_CAUSES else LATE
    try:
        plan = stored_plan(sealer.unseal(sealed))
    except CannotUnseal:
        # It starts all the same: whoever runs it says what is wrong.
        if not states and status != Status.SUPPRESSED:
            yield _Starting(StepId(message_id, 1), _SEALED, False, status, cause)
        return
    number = step_to_start(plan, words_for(Status(status), error_code), states)
    if number is not None:
        step = plan[number - 1]
        yield _Starting(StepId(message_id, number), step.channel, step.repeatable, status, cause)
