"""Rules about requests: sent once, one at a time, and never to who asked for silence."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from messaging_pipeline.audit.life import AttemptRow, EventRow, Life
from messaging_pipeline.audit.rule import Rule

#: How long after its lease an open request may wait for the sweep to notice.
_SWEPT_WITHIN = timedelta(minutes=5)
#: A stop and a request that meet are timed by two hosts' clocks, and the stop counts from its commit.
_NOTED_WITHIN = timedelta(seconds=10)
_ALL_SERVICES = "*"
_DECIDES_ON_ANOTHER = frozenset({"policy", "operator"})


def _sent_once(life: Life, _: datetime) -> Iterator[str]:
    """An attempt that may have reached Twilio is followed by another only if it was superseded, and for a reason."""
    followed = [one for one in life.attempts[:-1] if one.may_be_at_twilio]
    if not followed:
        return
    for attempt in followed:
        if attempt.number >= life.message.live_from:
            yield f"attempt {attempt.number} is {attempt.outcome}, and another followed"
    if life.message.history_forgotten:
        return
    reasons = sum(map(_puts_back, life.events))
    if reasons < len(followed):
        yield f"{len(followed)} attempts were followed by another, and the history gives {reasons} reasons"


def _puts_back(event: EventRow) -> bool:
    return event.status == "pending" and event.moved and event.source in _DECIDES_ON_ANOTHER


def _one_request_under_way(life: Life, now: datetime) -> Iterator[str]:
    under_way = [one for one in life.attempts if one.outcome == "started"]
    if len(under_way) > 1:
        yield f"{len(under_way)} requests are under way"
    for attempt in under_way:
        held_until = life.message.lease_until or attempt.started_at
        if max(held_until, attempt.started_at) + _SWEPT_WITHIN < now:
            yield f"attempt {attempt.number} is under way without a lease"


def _silent_after_a_stop(life: Life, _: datetime) -> Iterator[str]:
    for attempt in life.attempts:
        if _had_stopped(life, attempt):
            yield f"attempt {attempt.number} left after the recipient had opted out"


def _had_stopped(life: Life, attempt: AttemptRow) -> bool:
    """Tell whether a stop for the service, or for all of the tenant's services, was in force when a request left."""
    in_force: set[str] = set()
    for one in life.consent:
        if one.change == "granted" and one.at <= attempt.started_at:
            in_force = set() if one.scope == _ALL_SERVICES else in_force - {one.scope}
        elif one.change == "withdrawn" and one.at + _NOTED_WITHIN <= attempt.started_at:
            in_force.add(one.scope)
    return not in_force.isdisjoint({life.message.service, _ALL_SERVICES})


SENT_ONCE = Rule(
    "sent_once",
    "No message is sent again after an attempt that may have reached Twilio, unless its history says why.",
    _sent_once,
)
ONE_REQUEST_UNDER_WAY = Rule(
    "one_request_under_way",
    "At most one request of a message is under way, and none for longer than its lease.",
    _one_request_under_way,
)
SILENT_AFTER_A_STOP = Rule(
    "silent_after_a_stop",
    "Nothing is sent to a recipient who has opted out.",
    _silent_after_a_stop,
)
