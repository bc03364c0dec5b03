"""The rules of the audit: each looks at the records alone and tells what does not hold, with the messages' ids."""

from collections.abc import Callable, Mapping

from tests.faults.records import Records, Violation
from tests.faults.rules import doubt, keeping, order, rate, sending, status

Rule = Callable[[Records], list[Violation]]

RULES: Mapping[str, Rule] = {
    "nothing is lost": keeping.nothing_lost,
    "nothing ends without a reason": keeping.nothing_unexplained,
    "nothing is sent twice": sending.nothing_twice,
    "nothing is sent after its time": sending.nothing_late,
    "nothing is sent after it was withdrawn": sending.nothing_withdrawn,
    "nothing is sent after an opt-out": sending.nothing_unwanted,
    "every status is what the other side says": status.statuses_are_true,
    "every doubt is a true one": doubt.doubts_are_true,
    "a kill costs one doubt a thread": doubt.kills_cost_little,
    "every doubt is settled": doubt.doubts_are_settled,
    "no window is above the rate": rate.rate_is_kept,
    "conversations leave in order": order.conversations_in_order,
    "every text to us is stored once": order.texts_stored_once,
    "no fallback mail is sent twice": keeping.mailed_once,
    "a hold costs no message": keeping.holds_cost_nothing,
    "a paused service rests": rate.pauses_are_kept,
    "every process holds out": keeping.processes_hold_out,
    "messaging-pipeline audit agrees": keeping.own_audit_agrees,
}


def violations(records: Records) -> list[Violation]:
    """Apply every rule."""
    return [violation for rule in RULES.values() for violation in rule(records)]
