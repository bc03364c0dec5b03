"""The command line of the benchmark."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.figures import SECTIONS

#: Celery's default on two cores, and four times that for work that mostly waits.
_POOLS = (2, 8)
_TABLE_ROWS = (10_000, 1_000_000, 5_000_000)
_QUICK = {
    "rounds": 1,
    "messages": 60,
    "lives": 30,
    "callbacks": 100,
    "singles": 2,
    "probes": 3,
    "paced_seconds": 1,
    "crowd": 500,
}


@dataclass(frozen=True, slots=True)
class Options:
    """How much of everything. ``pools`` are the sizes of prefork pool that the baseline may choose from.

    ``probes`` are the high messages among a slow sender's ``crowd``; ``paced_seconds`` how long a paced service
    sends; ``table_rows`` the sizes of the table.
    """

    rounds: int
    messages: int
    lives: int
    callbacks: int
    singles: int
    probes: int
    paced_seconds: int
    crowd: int
    table_rows: tuple[int, ...]
    pools: tuple[int, ...]
    only: tuple[str, ...]
    json: Path | None


def parse(argv: Sequence[str]) -> Options:
    """Read the arguments; wrong usage is a sentence and exit code 2, as argparse does it."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description="Measure the pipeline beside the plain baseline, in one run."
    )
    add = parser.add_argument
    add("--rounds", type=_positive, default=2, help="times that each side is measured, in turn")
    add("--messages", type=_positive, default=2000, help="messages for the send path")
    add("--lives", type=_positive, default=500, help="messages followed until they are delivered")
    add("--callbacks", type=_positive, default=1200, help="callbacks fired as fast as they are answered")
    add("--singles", type=_positive, default=30, help="messages sent one after another")
    add("--probes", type=_positive, default=100, help="high messages sent past a slow sender's crowd")
    add("--paced-seconds", type=_positive, default=20, help="how long a service with a rate sends")
    add("--crowd", type=_positive, default=100_000, help="due messages of a slow sender")
    add("--rows", type=_positive, action="append", help="a size of the table (default: 10 thousand, 1 and 5 million)")
    add("--pool", type=_positive, action="append", help="a size of the baseline's pool to try (default: 2 and 8)")
    keys = tuple(section.key for section in SECTIONS)
    add("--only", choices=keys, action="append", help="measure only this; may be given more than once")
    add("--json", type=Path, metavar="FILE", help="write every figure of every round there")
    add("--quick", action="store_true", help="a small run, to see that everything works; its figures mean nothing")
    given = parser.parse_args(argv)
    only, pools = tuple(dict.fromkeys(given.only or keys)), tuple(given.pool or _POOLS)
    return Options(
        **(_QUICK if given.quick else {name: getattr(given, name) for name in _QUICK}),
        table_rows=(1_000, 5_000, 10_000) if given.quick else tuple(given.rows or _TABLE_ROWS),
        pools=pools[-1:] if given.quick else pools,
        only=only,
        json=given.json,
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number
