"""The units for systemd start what the stack starts, are shut in alike, and pass systemd's own examination."""

import re
import shlex
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from messaging_pipeline.queues import Queue
from messaging_pipeline.settings import Settings
from messaging_pipeline.stack import command_lines
from tests.support.operators_programs import program
from tests.support.product_source import PROJECT

FOLDER = PROJECT / "docs" / "deploy" / "systemd"
UNITS = sorted(path.name for path in FOLDER.glob("*.service"))
ENVIRONMENTS = sorted(FOLDER.rglob("*.env"))
POOLS = {"deliver": command_lines.DELIVER_WORKER, "events": command_lines.EVENTS_WORKER}
INSTALLED = "/opt/messaging-pipeline/bin/"
OF_POOLS = {"POOL_THREADS", "POOL_QUEUES"}
#: Tenths; systemd calls up to 1.9 safe, and 9.6 is what a unit without any of this gets.
MOST_EXPOSED = 20

of_every_unit = pytest.mark.parametrize("name", UNITS)


def settings_of(name: str) -> list[tuple[str, str]]:
    """The lines of a unit, in order."""
    text = re.sub(r"\\\n\s*", "", (FOLDER / name).read_text("utf-8"))
    return [(key, value) for key, separator, value in (line.partition("=") for line in text.splitlines()) if separator]


def one(name: str, key: str) -> str:
    (value,) = [value for found, value in settings_of(name) if found == key]
    return value


def variables(path: Path) -> dict[str, str]:
    lines = path.read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def started(name: str, instance: str = "") -> tuple[str, ...]:
    """The command of a unit as systemd would start it."""
    command = one(name, "ExecStart").replace("%i", instance).replace("%%", "%")
    if instance in POOLS:
        for variable, value in variables(FOLDER / "pools" / f"{instance}.env").items():
            command = command.replace(f"${{{variable}}}", value)
    assert command.startswith(INSTALLED)
    return tuple(shlex.split(command.removeprefix(INSTALLED)))


def test_each_unit_starts_its_process_with_the_line_of_the_stack() -> None:
    assert {
        "migrate": started("messaging-migrate.service"),
        "a phase": started("messaging-migrate@.service", "pre"),
        "webhooks": started("messaging-webhooks.service"),
        "beat": started("messaging-beat.service"),
        **{pool: started("messaging-worker@.service", pool) for pool in POOLS},
    } == {
        "migrate": ("messaging-pipeline", "migrate"),
        "a phase": ("messaging-pipeline", "migrate", "--pre"),
        "webhooks": command_lines.WEBHOOKS,
        "beat": command_lines.BEAT,
        **POOLS,
    }


def test_the_pools_serve_every_queue_once() -> None:
    pools = [variables(path)["POOL_QUEUES"].split(",") for path in (FOLDER / "pools").iterdir()]
    assert Counter(queue for pool in pools for queue in pool) == Counter(queue.value for queue in Queue)


def test_the_files_of_variables_set_what_there_is_and_a_metrics_port_each() -> None:
    known = {field.alias for field in Settings.model_fields.values()} | OF_POOLS
    found = [variables(path) for path in ENVIRONMENTS]
    assert {name for one in found for name in one} - known == set()
    assert len({one["MESSAGING_METRICS_PORT"] for one in found}) == len(ENVIRONMENTS)


@of_every_unit
def test_a_unit_runs_as_a_user_of_its_own_with_secrets_from_a_file(name: str) -> None:
    assert (one(name, "User"), one(name, "Group")) == ("messaging", "messaging")
    assert ("EnvironmentFile", "/etc/messaging-pipeline/environment") in settings_of(name)
    assert [value for key, value in settings_of(name) if key == "Environment"] == []


@of_every_unit
def test_a_unit_is_shut_in_like_every_other(name: str) -> None:
    first = settings_of(UNITS[0])
    shut_in = first[first.index(("NoNewPrivileges", "yes")) : first.index(("UMask", "0077")) + 1]
    assert [setting for setting in settings_of(name) if setting in shut_in] == shut_in
    assert {("PrivateTmp", "yes"), ("ProtectSystem", "strict"), ("ProtectHome", "yes")} <= set(shut_in)
    assert ("CapabilityBoundingSet", "") in shut_in


@pytest.mark.parametrize("name", [name for name in UNITS if "migrate" not in name])
def test_a_process_comes_back_unless_its_settings_are_wrong(name: str) -> None:
    assert one(name, "Restart") == "on-failure"
    assert one(name, "RestartSec") == ("2" if name == "messaging-webhooks.service" else "5")
    assert one(name, "StartLimitIntervalSec") == "0"
    assert one(name, "RestartPreventExitStatus") == "2"
    assert one(name, "PartOf") == one(name, "WantedBy") == "messaging.target"


def test_a_worker_gets_the_longest_time_to_stop_that_operators_are_told() -> None:
    told = (PROJECT / "docs" / "operations.md").read_text("utf-8")
    seconds = [int(text) for text in re.findall(r"workers (\d+) s", " ".join(told.split()))]
    assert one("messaging-worker@.service", "TimeoutStopSec") == str(max(seconds))


def analyze(*arguments: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(program("systemd-analyze")), *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


def test_systemd_finds_nothing_wrong_with_them(tmp_path: Path) -> None:
    for path in FOLDER.glob("messaging*"):
        here = path.read_text("utf-8").replace(INSTALLED, f"{Path(sys.executable).parent}/")
        (tmp_path / path.name).write_text(here, "utf-8")
    ours = [f"./{path.name}" for path in tmp_path.iterdir()]
    done = analyze("verify", "--recursive-errors=no", *ours, folder=tmp_path)
    assert (done.returncode, [line for line in done.stderr.splitlines() if "messaging" in line]) == (0, [])


def test_systemd_finds_little_that_they_could_harm() -> None:
    units = [f"./{name}" for name in UNITS]
    done = analyze("security", "--offline=true", f"--threshold={MOST_EXPOSED}", "--no-pager", *units, folder=FOLDER)
    assert done.returncode == 0, done.stdout + done.stderr
