"""One run: choose the baseline's pool, measure both sides in turn, then what is ours alone."""

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from tests.bench import measures, rate, scaling, slow_sender, table
from tests.bench.baseline_side import BaselineSide
from tests.bench.bed import Bed, made_bed
from tests.bench.figures import Figures
from tests.bench.measures import Finding
from tests.bench.options import Options
from tests.bench.our_side import OurSide
from tests.bench.side import Side

#: How long a trial of a pool should take when only Twilio's latency limits it, in messages for each process.
_TRIAL_MESSAGES_A_PROCESS = 20


@dataclass(slots=True)
class Results:
    """Everything found: ``figures[section][column]`` has one entry for each round; most columns are sides."""

    figures: dict[str, dict[str, list[Figures]]] = field(default_factory=dict)
    trials: dict[int, Figures] = field(default_factory=dict)
    pool: int = 0
    problems: list[str] = field(default_factory=list)

    def add(self, section: str, column: str, finding: Finding) -> None:
        """Take down what a measurement found."""
        self.figures.setdefault(section, {}).setdefault(column, []).append(finding.figures)
        self.problems += finding.problems


#: What is measured on our side alone; each yields the name of a column and what was found for it.
_ALONE: Mapping[str, Callable[[Bed, Options], Iterator[tuple[str, Finding]]]] = {
    "scaling": scaling.measure,
    "table": table.measure,
    "slow-sender": slow_sender.measure,
    "rate": rate.measure,
}
#: What takes minutes to prepare is measured once, whatever the number of rounds.
_ONCE = frozenset({"table"})


def run(options: Options) -> Results:
    """Measure everything; raises StoodStill or ProcessFailed when a side does not work at all."""
    results = Results()
    with made_bed() as bed:
        _compare(bed, options, results)
        _measure_alone(bed, options, results)
    return results


def _compare(bed: Bed, options: Options, results: Results) -> None:
    measurements = _measurements(options)
    sections = [section for section in options.only if section in measurements]
    if not sections:
        return
    with _both_sides(bed, options) as (baseline, ours):
        _choose_pool(baseline, options, results)
        for number in range(1, options.rounds + 1):
            for section in sections:
                for side in (baseline, ours):
                    with _told(f"round {number} of {options.rounds}: {section}, {side.name}"):
                        results.add(section, side.name, measurements[section](side))


def _measure_alone(bed: Bed, options: Options, results: Results) -> None:
    for number in range(1, options.rounds + 1):
        for section in options.only:
            if section in _ALONE and (number == 1 or section not in _ONCE):
                with _told(f"round {number} of {options.rounds}: {section}"):
                    for column, finding in _ALONE[section](bed, options):
                        results.add(section, column, finding)


@contextmanager
def _both_sides(bed: Bed, options: Options) -> Iterator[tuple[BaselineSide, OurSide]]:
    with (
        closing(BaselineSide(bed, redis_number=1, pool=options.pools[0])) as baseline,
        closing(OurSide(bed, redis_number=0)) as ours,
    ):
        yield baseline, ours


def _measurements(options: Options) -> dict[str, Callable[[Side], Finding]]:
    return {
        "send": lambda side: measures.send_path(side, options.messages),
        "life": lambda side: measures.whole_life(side, options.lives),
        "callbacks": lambda side: measures.callback_path(side, options.callbacks),
        "latency": lambda side: measures.latency(side, options.singles),
    }


def _choose_pool(baseline: BaselineSide, options: Options, results: Results) -> None:
    """Try each size of pool on the send path and keep the one that sends the most messages a second."""
    if len(options.pools) > 1:
        for pool in options.pools:
            baseline.pool = pool
            with _told(f"trial of the baseline with -c {pool}"):
                finding = measures.send_path(baseline, pool * _TRIAL_MESSAGES_A_PROCESS)
            results.trials[pool] = finding.figures
            results.problems += finding.problems
    results.pool = max(options.pools, key=lambda pool: results.trials.get(pool, {}).get("messages_per_second", 0.0))
    baseline.pool = results.pool


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Say what is being done, and afterwards how long that took."""
    sys.stderr.write(f"{what} ... ")
    sys.stderr.flush()
    began = time.monotonic()
    yield
    sys.stderr.write(f"{time.monotonic() - began:.0f} s\n")
