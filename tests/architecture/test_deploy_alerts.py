"""The alert rules speak of metrics that there are, fire when they should and only then, and lead to the runbook."""

import re
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from messaging_pipeline.cli.main import cli
from tests.support.operators_programs import program
from tests.support.papers import paper
from tests.support.product_source import PROJECT
from tests.support.prometheus_queries import faults

RULES = PROJECT / "docs" / "deploy" / "prometheus" / "alerts.yml"
CASES = PROJECT / "tests" / "data" / "prometheus" / "alert_cases.yml"
RUNBOOK = "docs/runbook.md"
ADDRESS = f"https://github.com/messaging-pipeline/messaging-pipeline/blob/main/{RUNBOOK}#"
SEVERITIES = {"critical", "warning", "info"}
PARTS = ["Means", "Look at", "Do"]
PREFIX = "Messaging"


def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


ALERTS: dict[str, dict[str, Any]] = {
    rule["alert"].removeprefix(PREFIX): rule for group in load(RULES)["groups"] for rule in group["rules"]
}
EVERY_CASE: list[dict[str, Any]] = load(CASES)


def sections() -> dict[str, str]:
    """What the runbook says about each alert."""
    found = re.split(rf"^## {PREFIX}(\w+)$", paper(RUNBOOK).text, flags=re.MULTILINE)
    return dict(zip(found[1::2], found[2::2], strict=True))


def promtool(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([str(program("promtool")), *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_asks_for_what_there_is(name: str) -> None:
    assert list(faults(ALERTS[name]["expr"])) == []


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("messaging_nothing_total > 0", "there is no messaging_nothing_total"),
        ("messaging_accepted_total_bucket", "there is no messaging_accepted_total_bucket"),
        ('messaging_accepted_total{tenant="x"}', "messaging_accepted_total has no tenant"),
        ('messaging_attempts_total{outcome=~"accepted|acepted"}', "nothing is ever acepted"),
        ('messaging_delivery_errors_total{error_code="39999"}', "nothing is ever 39999"),
        ("sum by (tenant) (messaging_accepted_total)", "no label tenant"),
    ],
)
def test_a_query_that_asks_for_what_there_is_not_is_found(query: str, fault: str) -> None:
    assert fault in list(faults(query))


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_says_how_bad_it_is_what_is_wrong_and_where_to_read_on(name: str) -> None:
    rule = ALERTS[name]
    assert rule["alert"] == PREFIX + name
    assert rule["labels"]["severity"] in SEVERITIES
    assert rule["annotations"]["summary"]
    assert rule["annotations"]["runbook_url"] == f"{ADDRESS}{rule['alert'].lower()}"


def test_every_alert_has_its_section_in_the_runbook_and_every_section_its_alert() -> None:
    assert list(sections()) == list(ALERTS)


@pytest.mark.parametrize("name", ALERTS)
def test_a_section_says_what_it_means_what_to_look_at_and_which_command_to_run(name: str) -> None:
    section = sections()[name]
    assert re.findall(r"^\*\*(.+?)\.\*\*", section, re.MULTILINE) == PARTS
    assert re.findall(r"^\$ ", section, re.MULTILINE)


def commands() -> list[str]:
    return sorted(set(re.findall(r"^\$ messaging-pipeline (.+)$", paper(RUNBOOK).text, re.MULTILINE)))


@pytest.mark.parametrize("line", commands())
def test_a_command_of_the_runbook_is_taken_by_the_command_line(line: str) -> None:
    """Every word of it: a missing command, option or choice is an error of usage."""
    words = line.split()
    command: click.Command = cli
    context = click.Context(cli)
    while isinstance(command, click.Group):
        context = click.Context(command, parent=context, info_name=command.name)
        below = command.get_command(context, words[0])
        assert below is not None, f"there is no command {words[0]}"
        command, words = below, words[1:]
    command.make_context(command.name, words, parent=context)


def test_each_alert_is_shown_to_fire_and_to_stay_silent() -> None:
    shown: dict[str, set[bool]] = defaultdict(set)
    for case in EVERY_CASE:
        shown[case["alert"]].add(bool(case["fires"]))
    assert dict(shown) == {name: {True, False} for name in ALERTS}


def groups() -> list[list[dict[str, Any]]]:
    """The cases, together where they have no metric in common: promtool sets up a storage for every group."""
    made: list[list[dict[str, Any]]] = []
    for case in EVERY_CASE:
        room = (group for group in made if all(stand_apart(case, other) for other in group))
        group = next(room, None)
        if group is None:
            made.append(group := [])
        group.append(case)
    return made


def stand_apart(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return pace_of(one) == pace_of(other) and not metrics_of(one) & metrics_of(other)


def metrics_of(case: dict[str, Any]) -> set[str]:
    """What the case feeds and what its alert asks for."""
    return set(re.findall(r"\b(?:messaging_\w+|up\b)", " ".join([ALERTS[case["alert"]]["expr"], *case["series"]])))


def pace_of(case: dict[str, Any]) -> str:
    return str(case.get("every", "1m"))


def as_promtool_has_it(group: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": "; ".join(f"{case['alert']}: {case['when']}" for case in group),
        "interval": pace_of(group[0]),
        "input_series": [
            {"series": name, "values": values} for case in group for name, values in case["series"].items()
        ],
        "alert_rule_test": [expectation(case) for case in group],
    }


def expectation(case: dict[str, Any]) -> dict[str, Any]:
    rule = ALERTS[case["alert"]]
    return {
        "eval_time": case["at"],
        "alertname": rule["alert"],
        "exp_alerts": [
            {"exp_labels": {**rule["labels"], **labels}, "exp_annotations": told(rule["annotations"], labels)}
            for labels in case["fires"]
        ],
    }


def told(annotations: dict[str, str], labels: dict[str, str]) -> dict[str, str]:
    """The annotations as they are sent; a label that is not there would leave nothing in its place."""
    return {
        key: re.sub(r"\{\{ \$labels\.(\w+) \}\}", lambda found: labels[found[1]], text)
        for key, text in annotations.items()
    }


def test_the_alerts_fire_when_they_should_and_only_then(tmp_path: Path) -> None:
    """One process for all; a file for each pace, since a day is too long to be looked at minute by minute."""
    files = []
    for pace in {pace_of(case) for case in EVERY_CASE}:
        tests = [as_promtool_has_it(group) for group in groups() if pace_of(group[0]) == pace]
        files.append(tmp_path / f"{pace}.yml")
        whole = {"rule_files": [str(RULES)], "evaluation_interval": pace, "tests": tests}
        files[-1].write_text(yaml.safe_dump(whole), "utf-8")
    done = promtool("test", "rules", *map(str, files))
    assert done.returncode == 0, done.stdout + done.stderr
