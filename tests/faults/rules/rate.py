"""The rate: in any window of t seconds at most burst + rate x (t + 2 s) segments of a service reach Twilio."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from tests.faults.records import Pace, Records, Violation
from tests.support.rate_bound import Use, most_above_rate

_RULE = "no window is above the rate"
#: How old a token may be when it is used (docs/adr/0011).
_TOKEN_LIFETIME_SECONDS = 2.0
#: Within this long every worker knows of another rate.
_ACTS_WITHIN_SECONDS = 1.0
#: From the leaving of a request to its arrival, on a machine with too much to do.
_ON_ITS_WAY_SECONDS = 1.0
_UNIT_PER_SECOND = 1_000_000


def rate_is_kept(records: Records) -> list[Violation]:
    """Hold the moments at which the creates of each service came against its rate, whatever it was at the time."""
    wrong = []
    for service, (most, allowed) in fullest_windows(records).items():
        if most > allowed:
            sentence = (
                f"{service}: some window held {most:.1f} segments more than its length allows; {allowed:g} may be"
            )
            wrong.append(Violation(_RULE, sentence))
    return wrong


def fullest_windows(records: Records) -> dict[str, tuple[float, float]]:
    """Return for each service by how much its fullest window exceeded its length, and by how much it may."""
    return {
        service: (most_above(sorted(_uses(records, service)), paces), allowance(paces))
        for service, paces in records.paces.items()
    }


def pauses_are_kept(records: Records) -> list[Violation]:
    """Nothing of a service reaches Twilio from a moment after it was paused until it is to go on."""
    wrong = []
    for service, pauses in records.pauses.items():
        uses = list(_uses(records, service))
        for pause in pauses:
            since = pause.began + _ACTS_WITHIN_SECONDS + _ON_ITS_WAY_SECONDS
            if came := sum(since < moment < pause.ended for moment, _ in uses):
                wrong.append(Violation("a paused service rests", f"{service}: {came} requests came during a pause"))
    return wrong


def allowance(paces: Sequence[Pace]) -> float:
    """Return by how much a window may exceed its length: the burst, and what a token's lifetime lets gather."""
    return max(pace.burst for pace in paces) + _TOKEN_LIFETIME_SECONDS * max(p.segments_per_second for p in paces)


def most_above(uses: Sequence[tuple[float, int]], paces: Sequence[Pace]) -> float:
    """Return the most by which any window held more segments than its length allows, all windows considered."""
    clock = _TokenClock(paces)
    return most_above_rate(
        (Use(round(clock.at(moment) * _UNIT_PER_SECOND), segments) for moment, segments in uses), 1.0
    )


def _uses(records: Records, service: str) -> Iterator[tuple[float, int]]:
    for create in records.creates:
        message = records.by_id.get(create.message_id or "")
        if message is not None and message.service == service:
            yield create.received_at, message.segments


class _TokenClock:
    """Time in tokens: how many a service's bucket has been given up to a moment, with the rate it had then."""

    def __init__(self, paces: Sequence[Pace]) -> None:
        self._steps = list(_steps(sorted(paces, key=lambda pace: pace.since)))

    def at(self, moment: float) -> float:
        """Return the tokens up to a moment."""
        tokens = 0.0
        for (since, rate), (until, _) in pairwise([*self._steps, (float("inf"), 0.0)]):
            tokens += rate * max(0.0, min(moment, until) - since)
        return tokens


def _steps(paces: Sequence[Pace]) -> Iterator[tuple[float, float]]:
    """A higher rate holds from when it was asked for, a lower one from when all have heard of it."""
    yield float(paces[0].since), paces[0].segments_per_second
    for before, after in pairwise(paces):
        slower = after.segments_per_second < before.segments_per_second
        yield after.since + (_ACTS_WITHIN_SECONDS if slower else 0.0), after.segments_per_second
