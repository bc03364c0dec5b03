"""Which step of a plan is next: pure rules about causes, order and what has become of the other steps."""

from collections.abc import Mapping, Sequence

from messaging_pipeline.messages.plan import LATE, Step
from messaging_pipeline.messages.state_machine import ARRIVALS, FALLBACK_CAUSES, Status
from messaging_pipeline.twilio_api.error_table import look_up

NOT_YET = frozenset({None, "planned"})
"""What a step is that nothing has started."""

_NOBODY_WAITS = ARRIVALS | {Status.CANCELED}


def words_for(status: Status, error_code: int | None) -> frozenset[str]:
    """Return the causes that a message gives where it stands; none when it arrived or was taken back.

    An opt-out has no other word than its own. A message that has not ended can only be late.
    """
    if status in _NOBODY_WAITS:
        return frozenset()
    if status not in FALLBACK_CAUSES:
        return frozenset({LATE})
    if status is Status.SUPPRESSED or error_code is None:
        return frozenset({status.value})
    return frozenset({status.value, look_up(error_code).fault.value})


def takes(step: Step, words: frozenset[str]) -> bool:
    """Tell whether a step is for these causes. One that has only a time of its own is for nothing else."""
    if step.on is not None:
        return not words.isdisjoint(step.on)
    return step.not_delivered_within is None and bool(words) and Status.SUPPRESSED.value not in words


def step_to_start(plan: Sequence[Step], words: frozenset[str], states: Mapping[int, str]) -> int | None:
    """Return the number of the step that starts now, or None.

    The steps for a cause come one after the other: each when the one before it has failed. ``states`` holds those
    that were written down.
    """
    for number, step in enumerate(plan, start=1):
        if not takes(step, words):
            continue
        state = states.get(number)
        if state in NOT_YET:
            return number
        if state != "failed":
            return None
    return None
