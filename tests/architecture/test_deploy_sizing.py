"""The table of sizes follows from the figures of docs/benchmarks.md, by the rule that stands above it."""

import math
import re

import pytest

from tests.support.papers import paper

CALLBACKS = 3
#: How busy a core may be, and how many there are at least of what must not stop.
BUSY = 0.6
AT_LEAST = 2
SIZES = [
    tuple(int(cell.replace(",", "")) for cell in row) for row in paper("docs/deploy.md").table("messages a second")
]


def measured(row: str, cell: int) -> float:
    """A figure of the benchmarks: the row that begins so, and which of its cells."""
    (line,) = re.findall(rf"^\| {re.escape(row)} \|(.*)\|$", paper("docs/benchmarks.md").text, re.MULTILINE)
    return float(line.split("|")[cell].strip().replace(",", ""))


def processes(count: float) -> int:
    return max(AT_LEAST, math.ceil(count))


@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size[0]))
def test_a_size_is_what_was_measured_times_the_rate(size: tuple[int, ...]) -> None:
    rate = size[0]
    whole_life = 1 / measured("messages a CPU second of workers and webhooks, whole life", 1)
    sending = 1 / measured("messages a CPU second of the workers (send path)", 1)
    hearing = CALLBACKS / measured("callbacks a second at the webhooks, 32 connections", 1)
    by_one_worker = measured("… messages a second", 0)
    deliver = processes(rate / (BUSY * by_one_worker))
    events = processes(rate * (whole_life - sending - hearing) / BUSY)
    webhooks = processes(rate * hearing / BUSY)
    connections = 18 * (deliver + events)
    assert size == (rate, deliver, events, webhooks, math.ceil(rate * whole_life / BUSY), connections)


def test_the_connections_of_a_worker_are_those_that_operators_are_told() -> None:
    assert "A worker opens at most 18" in " ".join(paper("docs/operations.md").text.split())
