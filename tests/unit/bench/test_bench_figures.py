"""The arithmetic of the benchmark's report."""

import pytest

from tests.bench.figures import SECTIONS, Figures, percentile
from tests.bench.options import parse
from tests.bench.report import table
from tests.bench.run import Results


@pytest.mark.parametrize(
    ("percent", "value"),
    [(50, 50.0), (99, 99.0), (100, 100.0), (1, 1.0)],
)
def test_a_percentile_is_one_of_the_values(percent: float, value: float) -> None:
    assert percentile([float(number) for number in range(100, 0, -1)], percent) == value


def test_the_p99_of_few_values_is_the_worst_of_them() -> None:
    assert percentile([3.0, 1.0, 2.0], 99) == 3.0


def test_better_means_more_of_a_rate_and_less_of_a_cost_and_the_medians_count() -> None:
    results = Results()
    of = {figure.key: 1.0 for figure in SECTIONS[0].figures}
    for rate, cost in ((10.0, 8.0), (20.0, 8.0), (30.0, 8.0)):
        measured = {**of, "messages_per_second": rate, "worker_cpu_ms": cost}
        results.figures.setdefault("send", {}).setdefault("baseline", []).append(measured)
        results.figures["send"].setdefault("ours", []).append(
            {**of, "messages_per_second": 2 * rate, "worker_cpu_ms": cost / 4}
        )
    report = table(parse(["--only", "send"]), results).splitlines()
    (rates,) = [line for line in report if line.startswith("  messages a second ")]
    (costs,) = [line for line in report if line.startswith("  worker CPU")]
    assert rates.split()[3:] == ["20", "40", "2.00x", "2.00", "to", "2.00"]
    assert costs.split()[5:] == ["8", "2", "4.00x", "4.00", "to", "4.00"]


def test_what_went_wrong_stands_under_the_table() -> None:
    results = Results(problems=["ours: 1 messages were never created"])
    of: list[Figures] = [{figure.key: 1.0 for figure in SECTIONS[0].figures}]
    results.figures["send"] = {"baseline": of, "ours": of}
    report = table(parse(["--only", "send"]), results)
    assert report.endswith("WRONG: ours: 1 messages were never created")
