"""What must not leave: the same message twice, and anything too late, withdrawn or unwanted."""

from itertools import pairwise

from messaging_pipeline.twilio_api.error_table import look_up
from messaging_pipeline.twilio_api.outcome import Fault
from tests.faults.records import Create, Records, Violation
from tests.faults.rules.ladder import fold, has_failed

#: From the check of a time to the arrival of the request, on a machine with too much to do.
_ON_ITS_WAY_SECONDS = 2.0
#: From an opt-out to the last request that was claimed before it.
_TAKEN_BEFORE_SECONDS = 5.0
#: Who may decide that a message goes out again although it may have been sent.
_DECIDERS = frozenset({"policy", "operator"})


def nothing_twice(records: Records) -> list[Violation]:
    """No message was created twice, unless the earlier one failed for a passing reason or somebody said: again."""
    twice = []
    for message_id, creates in records.creates_of.items():
        made = [create for create in creates if create.created]
        if any(not _may_follow(records, message_id, earlier, later) for earlier, later in pairwise(made)):
            twice.append(message_id)
    return [_violation("nothing is sent twice", "was created more than once without leave", twice)] if twice else []


def _may_follow(records: Records, message_id: str, earlier: Create, later: Create) -> bool:
    return later.attempt > earlier.attempt and (
        _had_failed_for_now(records, earlier, later.received_at)
        or _was_ordered_again(records, message_id, earlier, later)
    )


def _had_failed_for_now(records: Records, earlier: Create, before: float) -> bool:
    life = records.life_of.get(earlier.sid or "")
    standing = fold(turn for turn in life.turns if turn.at <= before) if life else None
    if standing is None or not has_failed(standing):
        return False
    return look_up(standing.error_code or 0).fault in {Fault.TRANSIENT, Fault.THROTTLED, Fault.ACCOUNT, Fault.SENDER}


def _was_ordered_again(records: Records, message_id: str, earlier: Create, later: Create) -> bool:
    """Somebody who had the right to said so, in the events, between the two."""
    return any(
        event.status == "pending" and event.source in _DECIDERS and earlier.received_at < event.at <= later.received_at
        for event in records.history_of[message_id]
    )


def nothing_late(records: Records) -> list[Violation]:
    """No request came after its message had expired."""
    late = [
        one.id
        for one in records.stored
        if one.expires_at is not None and _came_after(records, one.id, one.expires_at + _ON_ITS_WAY_SECONDS)
    ]
    return [_violation("nothing is sent after its time", "left after it had expired", late)] if late else []


def nothing_withdrawn(records: Records) -> list[Violation]:
    """No request came after its message's cancel was confirmed, and such a message is canceled."""
    canceled = [one for one in records.owed if one.canceled_at is not None]
    sent = [one.id for one in canceled if _came_after(records, one.id, one.canceled_at or 0.0)]
    other = [one.id for one in canceled if one.id in records.by_id and records.by_id[one.id].status != "canceled"]
    rule = "nothing is sent after it was withdrawn"
    return [
        _violation(rule, sentence, found)
        for sentence, found in (("left after it was canceled", sent), ("was canceled and is not", other))
        if found
    ]


def nothing_unwanted(records: Records) -> list[Violation]:
    """No request came for somebody whose opt-out from the service we had already written down."""
    silent_since: dict[tuple[str, str | None], float] = {}
    for event in sorted(records.told, key=lambda told: told.at):
        message = records.by_id.get(event.message_id)
        if event.status == "suppressed" and message is not None:
            silent_since.setdefault((message.service, message.to), event.at)
    unwanted = [
        one.id
        for one in records.stored
        if (since := silent_since.get((one.service, one.to))) is not None
        and _came_after(records, one.id, since + _TAKEN_BEFORE_SECONDS)
    ]
    return [_violation("nothing is sent after an opt-out", "left after the opt-out", unwanted)] if unwanted else []


def _came_after(records: Records, message_id: str, moment: float) -> bool:
    return any(create.received_at > moment for create in records.creates_of.get(message_id, ()))


def _violation(rule: str, sentence: str, found: list[str]) -> Violation:
    return Violation(rule, f"{len(found)}: {sentence}", tuple(found))
