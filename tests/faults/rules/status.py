"""Our status of a message is the fold of what the simulator knows about everything that was created for it."""

from tests.faults.records import Records, Stored, Turn, Violation
from tests.faults.rules.ladder import AT_TWILIO, ENDED, fold, has_arrived, higher

_RULE = "every status is what the other side says"


def statuses_are_true(records: Records) -> list[Violation]:
    """Compare every message's status, SID and error code with the simulator's ledger."""
    wrong = [_wrong(records, one) for one in records.stored]
    return [
        Violation(_RULE, f"{message_id}: {sentence}", (message_id,))
        for message_id, sentence in ((one.id, said) for one, said in zip(records.stored, wrong, strict=True) if said)
    ]


def _wrong(records: Records, stored: Stored) -> str | None:
    live_sid, proven = _proven(records, stored)
    if proven is None:
        is_explained = stored.status in ENDED and stored.status not in AT_TWILIO - {"undelivered"}
        if is_explained or stored.status in {"pending", "claimed", "unconfirmed"}:
            return None
        return f"is {stored.status}, and nothing was created"
    if stored.status != proven.status:
        return f"is {stored.status}, and the simulator's ledger proves {proven.status}"
    if live_sid is not None and stored.sid != live_sid:
        return f"is bound to {stored.sid}, and {live_sid} was created"
    if proven.error_code is not None and stored.error_code != proven.error_code:
        return f"has error code {stored.error_code}, and the simulator's is {proven.error_code}"
    return None


def _proven(records: Records, stored: Stored) -> tuple[str | None, Turn | None]:
    """Return the live SID, and what all creates prove together; of superseded ones only an arrival counts."""
    live_sid, proven = None, None
    for create in records.creates_of.get(stored.id, ()):
        life = records.life_of.get(create.sid or "")
        if life is None:
            continue
        told = fold(life.turns)
        if create.attempt >= stored.live_from or create.sid == stored.sid:
            live_sid, proven = life.sid, higher(proven, told)
        elif has_arrived(told):
            proven = higher(proven, told)
    return live_sid, proven
