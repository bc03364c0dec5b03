"""What a run leaves behind, as plain data: what was owed, what our store says, what the other side saw, what was done.

All times are Unix seconds.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Owed:
    """A message that a producer has handed over and was not told otherwise.

    ``rests_at`` are the statuses at which its recipient's magic number lets it stay for ever; none means that it must
    come to an end. ``canceled_at`` is when a cancel of it was confirmed.
    """

    id: str
    kind: str
    service: str
    to: str
    rests_at: tuple[str, ...] = ()
    canceled_at: float | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """A message as our store has it."""

    id: str
    service: str
    to: str | None
    status: str
    sid: str | None
    error_code: int | None
    reason: str | None
    segments: int
    created_at: float
    live_from: int = 1
    expires_at: float | None = None
    sequence: str | None = None
    given_up_at: float | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt as our store has it; ``worker_pid`` is the process that made it."""

    message_id: str
    number: int
    started_at: float
    finished_at: float | None
    outcome: str
    sid: str | None = None
    worker_pid: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """One event of a message's history."""

    message_id: str
    status: str
    source: str
    at: float
    sid: str | None = None
    error_code: int | None = None
    attempt: int | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Create:
    """One request to create a message, as the simulator took it down.

    ``message_id`` and ``attempt`` are what its callback address names. ``answer`` is what became of the answer.
    """

    message_id: str | None
    attempt: int
    received_at: float
    created: bool
    sid: str | None
    http_status: int
    error_code: int | None
    answer: str
    to: str | None = None


class Turn(NamedTuple):
    """A status that a message took at the simulator."""

    status: str
    at: float
    error_code: int | None


@dataclass(frozen=True, slots=True)
class Life:
    """What happened to a message at the simulator."""

    sid: str
    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when something was so."""

    began: float
    ended: float


@dataclass(frozen=True, slots=True)
class Death:
    """A process that was killed outright."""

    pid: int
    name: str
    at: float


@dataclass(frozen=True, slots=True)
class Pace:
    """The rate of a service from a moment on, in segments a second."""

    since: float
    segments_per_second: float
    burst: int


@dataclass(frozen=True, slots=True)
class Mailed:
    """A fallback step by e-mail: what our store says of it, and how many mails arrived at its address."""

    message_id: str
    state: str
    arrived: int


@dataclass(frozen=True)
class Records:
    """Everything that the audit looks at."""

    owed: tuple[Owed, ...] = ()
    stored: tuple[Stored, ...] = ()
    tried: tuple[Tried, ...] = ()
    told: tuple[Told, ...] = ()
    creates: tuple[Create, ...] = ()
    lives: tuple[Life, ...] = ()
    texts_sent: tuple[str, ...] = ()
    texts_stored: tuple[str, ...] = ()
    mails: tuple[Mailed, ...] = ()
    deaths: tuple[Death, ...] = ()
    api_outages: tuple[Span, ...] = ()
    paces: Mapping[str, tuple[Pace, ...]] = field(default_factory=dict)
    pauses: Mapping[str, tuple[Span, ...]] = field(default_factory=dict)
    not_handed_over: tuple[str, ...] = ()
    surprises: tuple[str, ...] = ()
    own_audit: str = ""

    @cached_property
    def by_id(self) -> dict[str, Stored]:
        """Our messages by id."""
        return {one.id: one for one in self.stored}

    @cached_property
    def life_of(self) -> dict[str, Life]:
        """The simulator's messages by SID."""
        return {one.sid: one for one in self.lives}

    @cached_property
    def creates_of(self) -> dict[str, list[Create]]:
        """The creates for each message of ours, in the order in which they came."""
        found: dict[str, list[Create]] = defaultdict(list)
        for one in sorted(self.creates, key=lambda create: create.received_at):
            found[one.message_id or ""].append(one)
        return found

    @cached_property
    def tries_of(self) -> dict[str, list[Tried]]:
        """The attempts of each message, in order."""
        found: dict[str, list[Tried]] = defaultdict(list)
        for one in sorted(self.tried, key=lambda tried: tried.number):
            found[one.message_id].append(one)
        return found

    @cached_property
    def history_of(self) -> dict[str, list[Told]]:
        """The events of each message, in order."""
        found: dict[str, list[Told]] = defaultdict(list)
        for one in sorted(self.told, key=lambda told: told.at):
            found[one.message_id].append(one)
        return found


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that does not hold: which, what is wrong, and for which messages."""

    rule: str
    sentence: str
    messages: tuple[str, ...] = ()
