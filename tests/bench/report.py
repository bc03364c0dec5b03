"""What a run found, as a table for people and as JSON for everybody else."""

import json
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from tests.bench.figures import Figure, Figures, Section, chosen
from tests.bench.options import Options
from tests.bench.run import Results

_WIDTH = 56
_HEADS = {"better": "   better   (rounds)", "times": "   times the first", "nothing": ""}


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
    if results.pool:
        yield f"the baseline runs with -c {results.pool}"
    for section in chosen(options.only):
        yield from _section(section, results.figures[section.key])
    yield ""
    yield from [f"WRONG: {problem}" for problem in results.problems] or ["every check passed"]


def _section(section: Section, columns: Mapping[str, Sequence[Figures]]) -> Iterator[str]:
    yield ""
    names = "".join(f"{name:>10}" for name in columns)
    yield f"{section.title:<{_WIDTH + 12}}{names}{_HEADS[section.shown]}".rstrip()
    for figure in section.figures:
        values = "".join(f"{_number(median(_values(figure, rounds))):>10}" for rounds in columns.values())
        yield f"  {figure.label:<{_WIDTH + 10}}{values}{_ratios(section, figure, list(columns.values()))}"


def _ratios(section: Section, figure: Figure, columns: Sequence[Sequence[Figures]]) -> str:
    if section.shown == "nothing":
        return ""
    first, *others = [_values(figure, rounds) for rounds in columns]
    if section.shown == "times":
        return "".join(_times(median(other), median(first)) for other in others)
    (other,) = others
    by_round = sorted(_better(figure, one, another) for one, another in zip(first, other, strict=True))
    return f"{_better(figure, median(first), median(other)):>8.2f}x   {by_round[0]:.2f} to {by_round[-1]:.2f}"


def _times(one: float, other: float) -> str:
    return f"{one / other:>8.2f}x" if other else f"{'-':>9}"


def _values(figure: Figure, rounds: Sequence[Figures]) -> list[float]:
    return [one[figure.key] for one in rounds]


def _better(figure: Figure, baseline: float, ours: float) -> float:
    """How many times better ours is; below 1 it is worse."""
    return ours / baseline if figure.more_is_better else baseline / ours


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"
