"""Which message at Twilio is which doubtful attempt: only what is unambiguous is bound."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from messaging_pipeline.messages.smart_encoding import smart_encode

CLOCKS_APART = timedelta(minutes=5)
"""How far our clocks and Twilio's may differ, before an attempt."""

ANSWERED_WITHIN = timedelta(minutes=10)
"""How long after its attempt a message may have been created: time-outs, and clocks that differ."""


@dataclass(frozen=True, slots=True)
class Doubtful:
    """An attempt without a SID: it may have made a message to this recipient.

    ``service_sid`` and ``from_number`` are what the request named, where that is known. An attempt whose answer is
    still awaited takes part, since a message may be its own, but may not be bound; nor may one whose text nobody here
    can read any more, which has no ``body_mark``.
    """

    message_id: UUID
    attempt: int
    started_at: datetime
    body_mark: bytes | None = field(repr=False)
    has_media: bool
    service_sid: str | None = None
    from_number: str | None = field(default=None, repr=False)
    may_be_bound: bool = True


@dataclass(frozen=True, slots=True)
class Candidate:
    """A message at Twilio to that recipient whose SID nobody here knows."""

    sid: str
    created_at: datetime
    body_mark: bytes = field(repr=False)
    has_media: bool
    service_sid: str | None = None
    from_number: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Matched:
    """What was bound, and the attempts that something at Twilio may or may not belong to."""

    bound: tuple[tuple[Doubtful, Candidate], ...]
    undecided: frozenset[tuple[UUID, int]]


def body_mark(body: str | None) -> bytes:
    """Return a hash by which equal bodies are recognised, also when Smart Encoding has replaced characters."""
    return sha256(smart_encode(body or "").strip().encode("utf-8", "replace")).digest()


def match(attempts: Sequence[Doubtful], candidates: Sequence[Candidate]) -> Matched:
    """Bind the attempts and candidates of one recipient.

    Attempts and candidates that fit each other, directly or through others, form a group. In a group where everyone
    fits everyone, equal numbers are bound in order of time: who is who cannot be told, and need not be, since they
    say the same to the same person. Where all attempts are one message's, which was sent again while it was in doubt,
    fewer candidates are its own as well: they go to the newest attempts. Every other group is left undecided.
    """
    bound: list[tuple[Doubtful, Candidate]] = []
    undecided: set[tuple[UUID, int]] = set()
    for group, fitting in _groups(attempts, candidates):
        if fitting and _is_clear(group, fitting):
            newest = sorted(group, key=_when_started)[-len(fitting) :]
            bound += zip(newest, sorted(fitting, key=_when_created), strict=True)
        elif fitting:
            undecided |= {(one.message_id, one.attempt) for one in group}
    return Matched(tuple(pair for pair in bound if pair[0].may_be_bound), frozenset(undecided))


def _is_clear(group: Sequence[Doubtful], fitting: Sequence[Candidate]) -> bool:
    """Tell whether nothing is said wrongly by binding these in order of time."""
    are_of_one_message = len({attempt.message_id for attempt in group}) == 1
    enough = len(group) == len(fitting) or (are_of_one_message and len(group) > len(fitting))
    return enough and all(_fits(one, other) for one in group for other in fitting)


def _groups(
    attempts: Iterable[Doubtful], candidates: Iterable[Candidate]
) -> Iterable[tuple[list[Doubtful], list[Candidate]]]:
    """Split into the connected parts of who fits whom; an attempt that nothing fits is alone."""
    left, unseen = list(attempts), list(candidates)
    while left:
        group, fitting = [left.pop()], list[Candidate]()
        while True:
            new = [one for one in unseen if any(_fits(attempt, one) for attempt in group)]
            unseen = [one for one in unseen if one not in new]
            fitting += new
            drawn_in = [one for one in left if any(_fits(one, candidate) for candidate in new)]
            left = [one for one in left if one not in drawn_in]
            group += drawn_in
            if not drawn_in:
                break
        yield group, fitting


def _fits(attempt: Doubtful, candidate: Candidate) -> bool:
    earliest, latest = attempt.started_at - CLOCKS_APART, attempt.started_at + ANSWERED_WITHIN
    return (
        earliest <= candidate.created_at <= latest
        and (attempt.body_mark is None or (attempt.body_mark, attempt.has_media) == _what_it_says(candidate))
        and attempt.service_sid in {None, candidate.service_sid}  # Twilio always tells the service of a message
        and _agree(attempt.from_number, candidate.from_number)
    )


def _what_it_says(candidate: Candidate) -> tuple[bytes, bool]:
    return candidate.body_mark, candidate.has_media


def _agree(ours: str | None, theirs: str | None) -> bool:
    """What one side does not say speaks against nothing: a service chooses its sender later."""
    return ours is None or theirs is None or ours == theirs


def _when_started(attempt: Doubtful) -> tuple[datetime, UUID, int]:
    return attempt.started_at, attempt.message_id, attempt.attempt


def _when_created(candidate: Candidate) -> tuple[datetime, str]:
    return candidate.created_at, candidate.sid
