"""How long a high message takes to reach Twilio, alone and past a slow sender's crowd and a neighbour's bulk."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing

from tests.bench import measures
from tests.bench.bed import Bed
from tests.bench.figures import percentile
from tests.bench.measures import Finding
from tests.bench.options import Options
from tests.bench.our_side import OurSide
from tests.bench.waiting import until_all

_REDIS_NUMBER = 4
_PAUSE_SECONDS = 0.25
_WARM_UP = 4
#: More than is sent while the probes are out, so that the neighbour is at full speed to the end.
_BULK_PER_PROBE = 200
_CONFIGURATION = """
[services.slow]
messaging_service_sid = "{service}"
segments_per_second = 1
[services.bulk]
messaging_service_sid = "{service}"
segments_per_second = 5000
[services.urgent]
messaging_service_sid = "{service}"
segments_per_second = 50
"""


def measure(bed: Bed, options: Options) -> Iterator[tuple[str, Finding]]:
    """Return a finding for the idle system, and one for the busy one."""
    with closing(OurSide(bed, _REDIS_NUMBER, name="slow", configuration=_CONFIGURATION)) as side:
        yield "idle", _probe(side, options.probes, crowd=0)
        yield "busy", _probe(side, options.probes, crowd=options.crowd)


def _probe(side: OurSide, count: int, *, crowd: int) -> Finding:
    """Send high messages at even intervals; those of the warm-up do not count."""
    side.clear()
    side.bed.begin(callbacks=False)
    if crowd:
        side.copy_due("slow", crowd)
        side.copy_due("bulk", (count + _WARM_UP) * _BULK_PER_PROBE)
    side.settle()
    with side.running_workers(last=side.sends_with):
        side.wake()
        accepted_at = _send(side, measures.recipients(count + _WARM_UP))
        ended_at = time.time()
    creates = side.bed.control.ledger()["creates"]
    arrived_at = {str(create["to"]): float(create["received_at"]) for create in creates}
    delays = delays_ms(dict(list(accepted_at.items())[_WARM_UP:]), arrived_at)
    others = sum(str(create["to"]) not in accepted_at for create in creates)
    figures = {
        "p50_ms": percentile(delays, 50),
        "p99_ms": percentile(delays, 99),
        "bulk_per_second": others / (ended_at - min(accepted_at.values())),
    }
    return Finding(figures, tuple(wrong_counts(accepted_at, (str(create["to"]) for create in creates))))


def _send(side: OurSide, recipients: Sequence[str]) -> dict[str, float]:
    """Hand one message over after another, wait for the last, and return when each was handed over."""
    accepted_at: dict[str, float] = {}
    for to in recipients:
        accepted_at[to] = time.time()
        side.accept_for("urgent", to, "high")
        time.sleep(_PAUSE_SECONDS)
    until_all(lambda: side.with_sid_of("urgent"), len(accepted_at), f"{side.name}: high messages with a SID")
    return accepted_at


def delays_ms(accepted_at: Mapping[str, float], arrived_at: Mapping[str, float]) -> list[float]:
    """Return for each message the milliseconds from when it was handed over until Twilio had it."""
    return [(arrived_at[to] - at) * 1000 for to, at in accepted_at.items()]


def wrong_counts(recipients: Iterable[str], created: Iterable[str]) -> list[str]:
    """Return a sentence for each message that was not created exactly once."""
    counts = Counter(created)
    return [f"slow-sender: a high message was created {counts[to]} times" for to in recipients if counts[to] != 1]
