"""What was handed over is kept, comes to an end, and says why; what falls back does so once."""

from collections.abc import Iterator

from tests.faults.records import Owed, Records, Stored, Violation
from tests.faults.rules.ladder import AT_TWILIO, ENDED

_WRONG_SENDER = 21606
_NEEDS_NO_REASON = frozenset({"delivered", "read"})


def nothing_lost(records: Records) -> list[Violation]:
    """Every owed message is in our store and ended, and what our store calls sent exists on the other side."""
    absent = tuple(one.id for one in records.owed if one.id not in records.by_id)
    under_way = tuple(one.id for one in records.owed if _is_under_way(one, records.by_id.get(one.id)))
    invented = tuple(
        one.id for one in records.stored if one.status in AT_TWILIO and not _exists_at_twilio(records, one)
    )
    unknown = tuple(
        f"{create.message_id or '?'} ({create.sid})"
        for create in records.creates
        if create.created and create.message_id not in records.by_id
    )
    return _told(
        "nothing is lost",
        {
            "could not be handed over at all": records.not_handed_over,
            "was handed over and is not in the store": absent,
            "was handed over and has not come to its end": under_way,
            "is sent, says the store, and Twilio has no such message": invented,
            "exists at Twilio and is no message of the store's": unknown,
        },
    )


def nothing_unexplained(records: Records) -> list[Violation]:
    """A message that did not arrive says why; one that was given up says when."""
    silent = tuple(
        one.id
        for one in records.stored
        if one.status in ENDED - _NEEDS_NO_REASON and not one.reason and one.sid is None
    )
    resting = {one.id for one in records.owed if one.rests_at}
    open_ended = tuple(
        one.id
        for one in records.stored
        if one.id in resting and one.status not in ENDED and (one.given_up_at is None or not one.reason)
    )
    return _told(
        "nothing ends without a reason",
        {"ended before Twilio had it, and no reason is given": silent, "rests, and nothing says why": open_ended},
    )


def holds_cost_nothing(records: Records) -> list[Violation]:
    """The messages of a service that was held for its wrong number all arrived once it was mended."""
    held = [one for one in records.owed if one.kind == "held"]
    missing = tuple(one.id for one in held if one.id in records.by_id and records.by_id[one.id].status != "delivered")
    refused = any(create.error_code == _WRONG_SENDER for create in records.creates)
    found = {"waited for a held service and did not arrive": missing}
    if held and not refused:
        found["waited for a service that was never held"] = tuple(one.id for one in held)
    return _told("a hold costs no message", found)


def mailed_once(records: Records) -> list[Violation]:
    """A fallback letter arrives once when the store says so, and never more than once."""
    twice = tuple(one.message_id for one in records.mails if one.arrived > 1)
    missing = tuple(one.message_id for one in records.mails if one.state == "sent" and not one.arrived)
    waiting = tuple(one.message_id for one in records.mails if one.state in {"waiting", "sending"})
    return _told(
        "no fallback mail is sent twice",
        {
            "has had its fallback mail more than once": twice,
            "has had its mail, says the store, and none arrived": missing,
            "still waits for its fallback": waiting,
        },
    )


def processes_hold_out(records: Records) -> list[Violation]:
    """No process ended unasked, or hung when it was asked to end; no command of the operator's failed."""
    return [Violation("every process holds out", surprise) for surprise in records.surprises]


def own_audit_agrees(records: Records) -> list[Violation]:
    """The product's own audit found nothing wrong."""
    return [Violation("messaging-pipeline audit agrees", records.own_audit)] if records.own_audit else []


def _is_under_way(owed: Owed, stored: Stored | None) -> bool:
    return stored is not None and stored.status not in ENDED and stored.status not in owed.rests_at


def _exists_at_twilio(records: Records, stored: Stored) -> bool:
    """Its SID, or that of an attempt which was superseded and arrived all the same."""
    if stored.sid is not None:
        return stored.sid in records.life_of
    return any(create.sid in records.life_of for create in records.creates_of.get(stored.id, ()))


def _told(rule: str, found: dict[str, tuple[str, ...]]) -> list[Violation]:
    return list(_sentences(rule, found))


def _sentences(rule: str, found: dict[str, tuple[str, ...]]) -> Iterator[Violation]:
    for what, messages in found.items():
        if messages:
            yield Violation(rule, f"{len(messages)}: {what}", messages)
