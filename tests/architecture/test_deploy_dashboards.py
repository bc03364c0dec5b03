"""The dashboards load as they are and ask Prometheus for what there is."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.operators_programs import program
from tests.support.product_source import PROJECT
from tests.support.prometheus_queries import faults

FOLDER = PROJECT / "docs" / "deploy" / "grafana"
BOARDS: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json"))
}
#: What Grafana 12 writes; it lifts an older one when it loads it.
SCHEMA = 41
PANELS = {"row", "timeseries", "stat", "bargauge"}
WIDTH = 24
CHOSEN = {"type": "prometheus", "uid": "${datasource}"}
OF_GRAFANA = {"$__rate_interval": "5m", "$__range": "1h"}
LABEL_VALUES = re.compile(r"label_values\((\w+), (\w+)\)")

of_every_board = pytest.mark.parametrize("name", BOARDS)


def queries(name: str) -> Iterator[tuple[str, str]]:
    """Every query of a board after the title of its panel, with Grafana's own variables filled in."""
    for panel in BOARDS[name]["panels"]:
        for target in panel.get("targets", []):
            query: str = target["expr"]
            for variable, value in OF_GRAFANA.items():
                query = query.replace(variable, value)
            yield panel["title"], query


def variables(name: str) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in BOARDS[name]["templating"]["list"]}


def test_there_is_a_board_for_all_for_one_service_and_for_webhooks() -> None:
    assert set(BOARDS) == {"overview", "service", "webhooks"}


@of_every_board
def test_a_board_can_be_provisioned_anywhere(name: str) -> None:
    """It belongs to no Grafana yet, and takes the Prometheus that the reader chooses."""
    board = BOARDS[name]
    assert (board["uid"], board["id"], board["schemaVersion"]) == (f"messaging-{name}", None, SCHEMA)
    assert variables(name)["datasource"]["type"] == "datasource"
    panels = [panel for panel in board["panels"] if panel["type"] != "row"]
    targets = [target for panel in panels for target in panel["targets"]]
    asking = [one for key, one in variables(name).items() if key != "datasource"]
    assert [one for one in (*panels, *targets, *asking) if one["datasource"] != CHOSEN] == []


@of_every_board
def test_panels_have_a_kind_that_grafana_brings_and_a_place_of_their_own(name: str) -> None:
    panels = BOARDS[name]["panels"]
    taken = [cell for panel in panels for cell in cells(panel["gridPos"])]
    assert {panel["type"] for panel in panels} <= PANELS
    assert [panel["id"] for panel in panels] == list(range(1, len(panels) + 1))
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < WIDTH


def cells(place: dict[str, int]) -> Iterator[tuple[int, int]]:
    for x in range(place["x"], place["x"] + place["w"]):
        yield from ((x, y) for y in range(place["y"], place["y"] + place["h"]))


@of_every_board
def test_a_board_asks_for_what_there_is(name: str) -> None:
    assert [(title, fault) for title, query in queries(name) for fault in faults(query)] == []


@of_every_board
def test_a_query_uses_only_variables_that_the_board_has(name: str) -> None:
    used = {variable for _, query in queries(name) for variable in re.findall(r"\$(\w+)", query)}
    assert used == set(variables(name)) - {"datasource"}


@of_every_board
def test_the_choices_of_a_variable_come_from_a_metric_that_has_the_label(name: str) -> None:
    asked = [one["query"]["query"] for key, one in variables(name).items() if key != "datasource"]
    for query in asked:
        (found,) = LABEL_VALUES.findall(query)
        metric, label = found
        assert list(faults(f"max by ({label}) ({metric})")) == []


@of_every_board
def test_a_legend_names_labels_that_the_query_leaves(name: str) -> None:
    for panel in BOARDS[name]["panels"]:
        for target in panel.get("targets", []):
            kept = set(re.findall(r"\w+", " ".join(re.findall(r"by \(([^)]*)\)", target["expr"]))))
            assert set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) <= kept, panel["title"]


def test_prometheus_understands_every_query(tmp_path: Path) -> None:
    asked = [query for name in BOARDS for _, query in queries(name)]
    rules = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(asked)]
    (tmp_path / "queries.yml").write_text(yaml.safe_dump({"groups": [{"name": "boards", "rules": rules}]}), "utf-8")
    command = [str(program("promtool")), "check", "rules", str(tmp_path / "queries.yml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(asked)} rules found" in done.stdout
