"""How exactly a rate is kept, by one, two and eight deliver workers, as the simulator's ledger has it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from tests.bench import audit, measures
from tests.bench.bed import Bed
from tests.bench.figures import Figures
from tests.bench.measures import Finding
from tests.bench.options import Options
from tests.bench.our_side import OurSide
from tests.bench.waiting import until_all
from tests.support.rate_bound import Use, most_above_rate

RATE_PER_SECOND = 50
BURST = 20
_WORKERS = (1, 2, 8)
_REDIS_NUMBER = 3
_TOKEN_LIFETIME_SECONDS = 2
_CONFIGURATION = f"""
[services.default]
messaging_service_sid = "{{service}}"
segments_per_second = {RATE_PER_SECOND}
burst_segments = {BURST}
"""


def measure(bed: Bed, options: Options) -> Iterator[tuple[str, Finding]]:
    """Return a finding for each number of workers."""
    with closing(OurSide(bed, _REDIS_NUMBER, name="rate", configuration=_CONFIGURATION)) as side:
        for number in _WORKERS:
            side.deliver_workers = number
            yield f"{number} w", _pace(side, BURST + RATE_PER_SECOND * options.paced_seconds)


def _pace(side: OurSide, count: int) -> Finding:
    to, _ = measures.handed_over(side, count, callbacks=False)
    side.put_off()
    with side.running_workers(last=side.sends_with):
        side.let_go()
        until_all(lambda: side.counts().with_sid, count, f"{side.name}: messages with a SID")
    figures = paced(side.bed.control.ledger()["creates"])
    problems = audit.created_once(side, to)
    if figures["worst_above"] > figures["bound"]:
        problems.append(
            f"{side.name}: {figures['worst_above']:.1f} segments above the rate, {figures['bound']} allowed"
        )
    return Finding(figures, tuple(problems))


def paced(creates: Sequence[Mapping[str, Any]]) -> Figures:
    """Judge a ledger: the pace once the burst has left, and the window that held most above its share."""
    uses = sorted((float(create["received_at"]), int(create["segments"])) for create in creates)
    after_burst = uses[BURST:]
    seconds = after_burst[-1][0] - after_burst[0][0]
    per_second = sum(segments for _, segments in after_burst[1:]) / seconds
    return {
        "per_second": per_second,
        "percent": per_second / RATE_PER_SECOND * 100,
        "worst_above": most_above_rate(
            [Use(round(at * 1_000_000), segments) for at, segments in uses], RATE_PER_SECOND
        ),
        "bound": float(BURST + RATE_PER_SECOND * _TOKEN_LIFETIME_SECONDS),
    }
