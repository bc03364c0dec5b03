"""The threat model: every mitigation names tests that exist, and what it says of defaults is so."""

import pickle
import re
from ipaddress import ip_address
from typing import NamedTuple

import pytest
from kombu.exceptions import ContentDisallowed
from kombu.serialization import loads, prepare_accept_content

from messaging_pipeline.publish import make_celery
from messaging_pipeline.settings import Settings
from messaging_pipeline.simulator.configuration import SimulatorConfig
from tests.support.papers import paper
from tests.support.product_source import PROJECT

PAGE = "docs/security.md"
DOORS = [
    "Webhooks",
    "Broker",
    "Postgres",
    "Redis",
    "Outgoing calls",
    "Media",
    "Simulator",
    "Command line",
    "Logs, metrics, traces",
    "Host and supply",
]
_DOOR = re.compile(r"^### ([^\n]+)\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
_ROW = re.compile(r"^\| (?!threat \||---)(.+) \|$", re.MULTILINE)
_SPAN = re.compile(r"`([^`]+)`")


class Row(NamedTuple):
    """One threat at one door."""

    door: str
    threat: str
    mitigation: str
    shown_by: list[str]


def _row(door: str, line: str) -> Row:
    threat, mitigation, shown_by = (cell.strip() for cell in line.split("|"))
    return Row(door, threat, mitigation, _SPAN.findall(shown_by))


ROWS = [_row(door, line) for door, table in _DOOR.findall(paper(PAGE).text) for line in _ROW.findall(table)]


def _stands(named: str) -> bool:
    """Tell whether a test stands in the file that it is said to stand in."""
    file, _, name = named.partition("::")
    path = PROJECT / "tests" / file
    return (
        path.is_file()
        and re.search(rf"^ *(?:async )?def {re.escape(name)}\(", path.read_text("utf-8"), re.MULTILINE) is not None
    )


def test_every_door_is_looked_at() -> None:
    assert [*dict.fromkeys(row.door for row in ROWS)] == DOORS


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.door}: {row.threat}")
def test_every_mitigation_names_tests_that_exist(row: Row) -> None:
    assert row.threat
    assert row.mitigation
    assert row.shown_by
    assert [named for named in row.shown_by if not _stands(named)] == []


@pytest.mark.parametrize(
    "named", ["unit/test_sealing.py::test_nothing", "unit/nowhere.py::test_a", "unit/test_sealing.py"]
)
def test_a_test_that_is_not_there_is_found_out(named: str) -> None:
    assert not _stands(named)


def test_what_has_no_password_listens_on_this_machine_alone_unless_it_is_told_otherwise() -> None:
    hosts = [Settings.model_fields[name].default for name in ("host", "metrics_host")]
    assert [host for host in (*hosts, SimulatorConfig().host) if not ip_address(host).is_loopback] == []


def test_a_task_that_is_not_json_is_never_unpacked() -> None:
    accepted = prepare_accept_content(make_celery("anybody", "redis://127.0.0.1:9/0").conf.accept_content)
    with pytest.raises(ContentDisallowed):
        loads(pickle.dumps("anything"), "application/x-python-serialize", "binary", accept=accepted)
