"""Rules about what is remembered: the row, the attempts, the history and the fallback tell the same story."""

from collections.abc import Iterator
from datetime import datetime

from messaging_pipeline.audit.life import Life
from messaging_pipeline.audit.rule import Rule
from messaging_pipeline.messages.plan import LATE
from messaging_pipeline.messages.replaying import as_event
from messaging_pipeline.messages.state_machine import replay


def _proven(life: Life, _: datetime) -> Iterator[str]:
    if life.message.history_forgotten or not life.events:
        return
    proven = replay(as_event(one.status, one.source, one.sid, one.superseded) for one in life.events)
    if proven.status != life.message.status:
        yield f"is {life.message.status}, and its history leads to {proven.status}"
    if proven.sid != life.message.sid:
        yield "is bound to another SID than its history leads to"


def _attempts_counted(life: Life, _: datetime) -> Iterator[str]:
    numbers = [one.number for one in life.attempts]
    if numbers != list(range(1, life.message.attempts + 1)):
        yield f"counts {life.message.attempts} attempts, and {len(numbers)} were written down"


def _sid_known(life: Life, _: datetime) -> Iterator[str]:
    sid = life.message.sid
    if sid is not None and sid not in {one.sid for one in life.attempts}:
        yield "is bound to a SID that none of its attempts has"


def _begins_with_acceptance(life: Life, _: datetime) -> Iterator[str]:
    if life.message.history_forgotten:
        return
    acceptances = [position for position, one in enumerate(life.events) if one.source == "accept"]
    if acceptances != [0]:
        yield f"its history has {len(life.events)} lines, and {len(acceptances)} of them are acceptances"


def _fallback_caused(life: Life, _: datetime) -> Iterator[str]:
    if life.message.history_forgotten:
        return
    reached = {one.status for one in life.events if one.moved}
    for row in life.fallback:
        if row.cause not in reached and row.cause != LATE:
            yield f"fallback {row.number} was started by {row.cause}, which the message never was"


STATUS_IS_PROVEN = Rule(
    "status_is_proven",
    "A message's status and SID are what its history leads to.",
    _proven,
)
ATTEMPTS_ARE_COUNTED = Rule(
    "attempts_are_counted",
    "A message counts the attempts that were written down, numbered from one.",
    _attempts_counted,
)
SID_IS_KNOWN = Rule(
    "sid_is_known",
    "A message's SID is that of one of its attempts.",
    _sid_known,
)
BEGINS_WITH_ACCEPTANCE = Rule(
    "begins_with_acceptance",
    "Every history begins with the message's acceptance, and holds no other.",
    _begins_with_acceptance,
)
FALLBACK_HAS_A_CAUSE = Rule(
    "fallback_has_a_cause",
    "A fallback was started by a status that the message reached, or by the clock.",
    _fallback_caused,
)
