"""The arithmetic of the benchmark's report."""

import pytest

from tests.bench.figures import SECTIONS, Figures, chosen, percentile
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


def test_columns_of_one_side_are_told_as_times_of_the_first() -> None:
    results = Results()
    for column, per_second in (("1 w", 100.0), ("2 w", 180.0), ("4 w", 250.0)):
        of: list[Figures] = [{"messages_per_second": per_second, "messages_per_cpu_second": 0.0}]
        results.figures.setdefault("scaling", {})[column] = of
    report = table(parse(["--only", "scaling"]), results).splitlines()
    (head,) = [line for line in report if line.startswith("Scaling")]
    (rates,) = [line for line in report if line.startswith("  messages a second ")]
    (unknown,) = [line for line in report if line.startswith("  messages per CPU second")]
    assert head.split()[-9:] == ["1", "w", "2", "w", "4", "w", "times", "the", "first"]
    assert rates.split()[3:] == ["100", "180", "250", "1.80x", "2.50x"]
    assert unknown.split()[-2:] == ["-", "-"]


def test_where_no_column_is_better_than_another_only_figures_are_shown() -> None:
    results = Results()
    for column in ("1 w", "2 w"):
        results.figures.setdefault("rate", {})[column] = [{figure.key: 50.0 for figure in chosen(["rate"])[0].figures}]
    report = table(parse(["--only", "rate"]), results).splitlines()
    (percents,) = [line for line in report if line.startswith("  of the configured rate")]
    assert percents.split()[-2:] == ["50", "50"]


@pytest.mark.parametrize("section", [section.key for section in SECTIONS])
def test_each_section_can_be_measured_alone_and_is_part_of_a_quick_run(section: str) -> None:
    assert parse(["--only", section]).only == (section,)
    assert section in parse(["--quick"]).only


def test_a_quick_run_is_small_whatever_else_was_asked_for() -> None:
    options = parse(["--quick", "--messages", "5000", "--rows", "5000000"])
    assert (options.messages, options.table_rows) == (60, (1_000, 5_000, 10_000))


def test_what_went_wrong_stands_under_the_table() -> None:
    results = Results(problems=["ours: 1 messages were never created"])
    of: list[Figures] = [{figure.key: 1.0 for figure in SECTIONS[0].figures}]
    results.figures["send"] = {"baseline": of, "ours": of}
    report = table(parse(["--only", "send"]), results)
    assert report.endswith("WRONG: ours: 1 messages were never created")
