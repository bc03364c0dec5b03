"""Conversations leave in the order in which they were accepted, and every text to us is kept once."""

from collections import Counter, defaultdict
from itertools import pairwise

from tests.faults.records import Records, Stored, Violation


def conversations_in_order(records: Records) -> list[Violation]:
    """No part of a conversation reached Twilio before the part accepted before it."""
    conversations: dict[tuple[str, str], list[Stored]] = defaultdict(list)
    for one in records.stored:
        if one.sequence is not None:
            conversations[one.service, one.sequence].append(one)
    overtaken = tuple(
        later.id
        for parts in conversations.values()
        for earlier, later in pairwise(sorted(parts, key=lambda part: (part.created_at, part.id)))
        if _first_created(records, later) < _first_created(records, earlier) < float("inf")
    )
    if not overtaken:
        return []
    sentence = f"{len(overtaken)}: left before the part of the conversation before it"
    return [Violation("conversations leave in order", sentence, overtaken)]


def texts_stored_once(records: Records) -> list[Violation]:
    """Every text that somebody sent to us is in our store, once, and no other."""
    stored, sent = Counter(records.texts_stored), set(records.texts_sent)
    found = {
        "was sent to us and is not stored": tuple(sorted(sent - stored.keys())),
        "is stored more than once": tuple(sorted(sid for sid, count in stored.items() if count > 1)),
        "is stored, and nobody sent it": tuple(sorted(stored.keys() - sent)),
    }
    return [
        Violation("every text to us is stored once", f"{len(sids)}: {what}", sids)
        for what, sids in found.items()
        if sids
    ]


def _first_created(records: Records, message: Stored) -> float:
    made = (one.received_at for one in records.creates_of.get(message.id, ()) if one.created)
    return min(made, default=float("inf"))
