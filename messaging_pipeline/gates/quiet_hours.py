"""Is it a time at which the recipient may be disturbed, by the clock where they probably are?"""

from collections.abc import Iterator
from datetime import UTC
from zoneinfo import ZoneInfo

from messaging_pipeline.gates.hours import Opening, closing_time, next_opening
from messaging_pipeline.gates.question import Question
from messaging_pipeline.gates.verdict import Verdict
from messaging_pipeline.messages.time_zones import time_zones_of
from messaging_pipeline.policies.compliance import INTENT_TAG, TIME_ZONE_TAG, Hours, QuietHours, is_time_zone

_NONE_CONFIGURED = Verdict.passes("no quiet hours are configured for the service")


def ask(question: Question) -> Verdict:
    """Let a message wait that would leave in quiet hours; one that passes does so until they begin."""
    policy = question.quiet_hours
    if policy is None:
        return _NONE_CONFIGURED
    intent = question.tags.get(INTENT_TAG)
    if intent in policy.exempt_intents:
        return Verdict.passes(f"messages with the intent {intent} are exempt")
    hours = policy.hours_for(intent)
    for zones in _hints(question, policy):
        opening = next_opening(hours, zones, question.at)
        if opening is not None:
            return _verdict(question, hours, zones, opening)
    return _NOWHERE


def _hints(question: Question, policy: QuietHours) -> Iterator[tuple[str, ...]]:
    """Where the recipient may be, the best hint first; a later one counts where an earlier one leaves no time."""
    told = question.tags.get(TIME_ZONE_TAG)
    if told is not None and is_time_zone(told):  # one that was accepted before zones were checked may be none
        yield (told,)
        return
    zones = time_zones_of(question.to)
    if zones:
        yield zones
    if policy.time_zone is not None:
        yield (policy.time_zone,)


_NOWHERE = Verdict.refused(
    "the number does not tell a time zone, or several that have no allowed time in common",
    f"give the tag {TIME_ZONE_TAG} with the recipient's zone, or set time_zone in quiet_hours",
)


def _verdict(question: Question, hours: Hours, zones: tuple[str, ...], opening: Opening) -> Verdict:
    if opening.after is None:
        return Verdict.passes(f"it is not quiet in {_named(zones)}", closing_time(hours, zones, question.at))
    there = opening.at.astimezone(ZoneInfo(opening.after.zone))
    reason = f"quiet hours where the recipient is; not before {there:%Y-%m-%d %H:%M} in {opening.after.zone}"
    if question.expires_at is not None and question.expires_at <= opening.at:
        return Verdict.refused(f"{reason}, and the message expires before that", "let it expire later")
    return Verdict.waits(opening.at.astimezone(UTC), reason)


def _named(zones: tuple[str, ...]) -> str:
    return zones[0] if len(zones) == 1 else f"any of {len(zones)} zones that the number may be in"
