"""What a run found, as a table for people and as JSON for everybody else."""

import json
import os
import platform
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.figures import SECTIONS, Figure, Figures
from tests.bench.options import Options
from tests.bench.run import Results

_WIDTH = 56


def machine() -> dict[str, Any]:
    """Describe where this runs; the load tells who else was there."""
    return {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "processor": platform.machine(),
        "system": platform.system(),
        "python": platform.python_version(),
        "load_average": [round(one, 1) for one in os.getloadavg()],
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def table(options: Options, results: Results) -> str:
    """Return the report: medians of the rounds, how many times better we are, and the range of that."""
    return "\n".join(_lines(options, results))


def write_json(path: Path, options: Options, results: Results) -> None:
    """Write every figure of every round."""
    document = {
        "machine": machine(),
        "options": {name: value for name, value in asdict(options).items() if name != "json"},
        **asdict(results),
    }
    path.write_text(json.dumps(document, indent=2) + "\n", "utf-8")


def _lines(options: Options, results: Results) -> Iterator[str]:
    where = machine()
    yield (
        f"{where['cores']} cores ({where['processor']}), {where['system']}, Python {where['python']}, "
        f"load {' '.join(map(str, where['load_average']))}, {where['at']}"
    )
    yield (
        f"{options.rounds} rounds, each: {options.messages} messages sent, {options.lives} followed to their end, "
        f"{options.callbacks} + {options.callbacks // 2} callbacks, {options.singles} single messages"
    )
    for pool, figures in results.trials.items():
        yield (
            f"trial of the baseline with -c {pool}: {figures['messages_per_second']:.1f} messages a second, "
            f"{figures['worker_cpu_ms']:.2f} ms worker CPU a message"
        )
    yield f"the baseline runs with -c {results.pool}"
    for section in SECTIONS:
        if section.key not in options.only:
            continue
        yield ""
        yield f"{section.title:<{_WIDTH + 12}}{'baseline':>10}{'ours':>10}{'better':>9}   (rounds)"
        of_sides = results.figures[section.key]
        for figure in section.figures:
            yield _line(figure, of_sides["baseline"], of_sides["ours"])
    yield ""
    yield from [f"WRONG: {problem}" for problem in results.problems] or ["every check passed"]


def _line(figure: Figure, baseline: Sequence[Figures], ours: Sequence[Figures]) -> str:
    theirs, mine = [one[figure.key] for one in baseline], [one[figure.key] for one in ours]
    ratio = _better(figure, median(theirs), median(mine))
    by_round = sorted(_better(figure, one, other) for one, other in zip(theirs, mine, strict=True))
    return (
        f"  {figure.label:<{_WIDTH + 10}}{_number(median(theirs)):>10}{_number(median(mine)):>10}{ratio:>8.2f}x"
        f"   {by_round[0]:.2f} to {by_round[-1]:.2f}"
    )


def _better(figure: Figure, baseline: float, ours: float) -> float:
    """How many times better ours is; below 1 it is worse."""
    return ours / baseline if figure.more_is_better else baseline / ours


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"
