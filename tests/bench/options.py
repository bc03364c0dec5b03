"""The command line of the benchmark."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.figures import SECTIONS

#: Celery's default on two cores, and four times that for work that mostly waits.
_POOLS = (2, 8)


@dataclass(frozen=True, slots=True)
class Options:
    """How much of everything. ``pools`` are the sizes of prefork pool that the baseline may choose from."""

    rounds: int
    messages: int
    lives: int
    callbacks: int
    singles: int
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
    add("--pool", type=_positive, action="append", help="a size of the baseline's pool to try (default: 2 and 8)")
    keys = tuple(section.key for section in SECTIONS)
    add("--only", choices=keys, action="append", help="measure only this; may be given more than once")
    add("--json", type=Path, metavar="FILE", help="write every figure of every round there")
    add("--quick", action="store_true", help="a small run, to see that everything works; its figures mean nothing")
    given = parser.parse_args(argv)
    only, pools = tuple(dict.fromkeys(given.only or keys)), tuple(given.pool or _POOLS)
    if given.quick:
        small = {"rounds": 1, "messages": 60, "lives": 30, "callbacks": 100, "singles": 2}
        return Options(**small, pools=pools[-1:], only=only, json=given.json)
    return Options(
        rounds=given.rounds,
        messages=given.messages,
        lives=given.lives,
        callbacks=given.callbacks,
        singles=given.singles,
        pools=pools,
        only=only,
        json=given.json,
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number
