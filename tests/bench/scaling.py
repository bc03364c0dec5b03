"""The send path with one, two and four deliver workers, on a side of its own."""

from collections.abc import Iterator
from contextlib import closing

from tests.bench import audit, measures
from tests.bench.bed import Bed
from tests.bench.measures import Finding, Span
from tests.bench.options import Options
from tests.bench.our_side import OurSide
from tests.bench.waiting import until_all

_WORKERS = (1, 2, 4)
_REDIS_NUMBER = 2


def measure(bed: Bed, options: Options) -> Iterator[tuple[str, Finding]]:
    """Return a finding for each number of workers."""
    with closing(OurSide(bed, _REDIS_NUMBER, name="scaling")) as side:
        for number in _WORKERS:
            side.deliver_workers = number
            yield f"{number} w", _send(side, options.messages)


def _send(side: OurSide, count: int) -> Finding:
    """Let all workers be ready before anything is due: they start one after another."""
    to, _ = measures.handed_over(side, count, callbacks=False)
    side.put_off()
    with side.running_workers(last=side.sends_with) as workers:
        span = Span.begin(workers, done=0)
        side.let_go()
        ended = until_all(lambda: side.counts().with_sid, count, f"{side.name}: messages with a SID")
        cpu, seconds, number = span.end(workers, ended, count)
    figures = {"messages_per_second": number / seconds, "messages_per_cpu_second": number / cpu}
    return Finding(figures, tuple(audit.created_once(side, to)))
