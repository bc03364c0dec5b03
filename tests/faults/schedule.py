"""The schedule of a run: which fault happens when, drawn from the seed before anything starts."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

DELIVER_WORKERS = ("deliver-1", "deliver-2", "deliver-3")
EVENTS_WORKERS = ("events-1", "events-2")
PROCESSES = (*DELIVER_WORKERS, *EVENTS_WORKERS, "webhooks", "beat")

_SECONDS_PER_ACT = 3.0
_FIRST_ACT_SECONDS = 2.0
_ROLL_STEP_SECONDS = 1.5


@dataclass(frozen=True, slots=True)
class Act:
    """Something that is done ``at`` that second of the run; ``amount`` is how long it lasts, or a rate."""

    at: float
    verb: str
    target: str = ""
    amount: float = 0.0

    def __str__(self) -> str:
        return " ".join(filter(None, (self.verb, self.target, f"{self.amount:g}" if self.amount else "")))


#: What happens in every run, however short: verb, target, from and to how much.
_ALWAYS: tuple[tuple[str, str, float, float], ...] = (
    ("kill", "deliver-1", 0.5, 2.0),
    ("kill", "deliver-2", 0.5, 2.0),
    ("kill", "events-1", 0.5, 2.0),
    ("kill", "webhooks", 0.5, 2.0),
    ("kill", "beat", 0.5, 4.0),
    ("term", "deliver-3", 0.2, 1.0),
    ("flush", "redis", 0.0, 0.0),
    ("restart", "redis", 0.5, 2.0),
    ("restart", "postgres-immediate", 0.5, 2.0),
    ("shut", "api", 2.0, 4.0),
    ("spell", "callbacks-lost", 3.0, 5.0),
    ("spell", "throttled", 1.5, 1.5),
)
#: What a long run has besides, once each.
_IN_FULL: tuple[tuple[str, str, float, float], ...] = (
    ("roll", "", 0.0, 0.0),
    ("kill", "deliver-3", 1.0, 3.0),
    ("kill", "events-2", 1.0, 3.0),
    ("term", "deliver-1", 0.2, 1.0),
    ("term", "events-1", 0.2, 1.0),
    ("term", "events-2", 0.2, 1.0),
    ("term", "webhooks", 0.2, 1.0),
    ("term", "beat", 0.2, 2.0),
    ("restart", "postgres-fast", 0.5, 3.0),
    ("restart", "redis-empty", 0.5, 2.0),
    ("spell", "answers-lost", 5.0, 8.0),
    ("spell", "errors", 4.0, 6.0),
    ("spell", "callbacks-unruly", 8.0, 15.0),
    ("rate", "alerts", 20.0, 80.0),
    ("rate", "offers", 8.0, 40.0),
    ("pause", "offers", 4.0, 8.0),
    ("flush", "redis", 0.0, 0.0),
)
#: A long run has any of these as often as there is room, but for what slows everything down.
_AT_RANDOM = tuple(kind for kind in (*_ALWAYS, *_IN_FULL) if kind[:2] not in {("spell", "throttled"), ("roll", "")})


def draw(seed: int, seconds: float, *, full: bool = True) -> list[Act]:
    """Return the acts of a run of so many seconds, in order; the same seed gives the same acts."""
    dice = random.Random(f"schedule {seed}")
    kinds = [*_ALWAYS, *(_IN_FULL if full else ())]
    wanted = max(len(kinds), int(seconds / _SECONDS_PER_ACT))
    kinds += dice.choices(_AT_RANDOM, k=wanted - len(kinds)) if full else []
    dice.shuffle(kinds)
    gap = (seconds - _FIRST_ACT_SECONDS) / len(kinds)
    acts = [Act(round(0.6 * seconds, 2), "release", "wrong")]
    for position, kind in enumerate(kinds):
        at = _FIRST_ACT_SECONDS + gap * (position + dice.uniform(0.0, 0.8))
        acts += _spelled_out(kind, round(at, 2), dice)
    return sorted(acts, key=lambda act: (act.at, act.verb, act.target))


def _spelled_out(kind: tuple[str, str, float, float], at: float, dice: random.Random) -> Iterator[Act]:
    verb, target, low, high = kind
    amount = round(dice.uniform(low, high), 2)
    if verb == "roll":
        yield from _rolling(at, dice.sample(PROCESSES, len(PROCESSES)))
    elif verb == "pause":
        yield Act(at, "pause", target)
        yield Act(round(at + amount, 2), "resume", target)
    else:
        yield Act(at, verb, target, amount)


def _rolling(at: float, order: Sequence[str]) -> Iterator[Act]:
    """A rolling restart: every process asked to end in good order, one after another, each back at once."""
    for position, name in enumerate(order):
        yield Act(round(at + position * _ROLL_STEP_SECONDS, 2), "term", name, 0.1)
