"""`up`: everything runs, says where, and is gone afterwards."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from threading import Thread
from urllib.request import urlopen

import psycopg
import pytest
import redis

from messaging_pipeline.errors import NotReachable
from messaging_pipeline.settings import Settings
from messaging_pipeline.stack.kept_ports import KeptPorts
from messaging_pipeline.stack.local_servers import local_servers
from messaging_pipeline.stack.ports import LOOPBACK, free_port
from tests.support.children import has_ended, is_running, wait_for
from tests.support.stacks import Up, running_up

pytestmark = pytest.mark.xdist_group("up")  # one `up` serves those that only look

USUAL_PORT = 3000

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc for what is left running")


@contextmanager
def _reachable_folder() -> Iterator[Path]:
    """A folder that every account can reach, as pytest's own is not."""
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o711)
        yield Path(made)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with _reachable_folder() as made:
        yield made


@pytest.fixture(scope="module")
def other_folder() -> Iterator[Path]:
    """For those that come and go; the data of one is the start of the next."""
    with _reachable_folder() as made:
        yield made


@pytest.fixture(scope="module")
def up(folder: Path) -> Iterator[Up]:
    with running_up(folder) as running:
        yield running


def _command_line(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def _status(url: str) -> int:
    with urlopen(url, timeout=10) as answer:
        return int(answer.status)


def test_the_addresses_it_gives_answer(up: Up) -> None:
    assert _status(f"{up.url('webhooks')}/readyz") == 200
    assert _status(f"{up.url('simulator')}/simulator/state") == 200
    assert _status(up.url("metrics")) == 200


def test_another_shell_can_use_what_it_exports(up: Up) -> None:
    exports = up.exports()
    Settings.from_environment(exports).sealing_keys()
    with psycopg.connect(exports["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT count(*) FROM schema_migrations").fetchone() != (0,)
    with redis.Redis.from_url(exports["REDIS_URL"]) as client:
        assert client.ping()


def test_the_doctor_finds_all_well(up: Up) -> None:
    """Nobody has set anything up: the services of the simulator are ours from the start."""
    command = [sys.executable, "-m", "messaging_pipeline.cli.main", "doctor", "--json"]
    done = subprocess.run(command, env={**os.environ, **up.exports()}, capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)
    assert [one for one in found if one["state"] not in {"ok", "skipped"}] == []
    assert {one["told"] for one in found if one["check"] == "services"} == {
        "its callback, inbound and fallback URLs are ours"
    }
    assert (done.returncode, done.stderr) == (0, "")


def test_what_the_simulator_has_registered_nobody_warns_of(up: Up) -> None:
    command = [sys.executable, "-m", "messaging_pipeline.cli.main", "explain", "+15005551001", "Hello", "--json"]
    done = subprocess.run(command, env={**os.environ, **up.exports()}, capture_output=True, text=True, check=False)
    assert (done.returncode, json.loads(done.stdout)["verdict"]) == (0, "passes")


def test_twilio_verify_can_be_tried(up: Up) -> None:
    command = [sys.executable, "-m", "messaging_pipeline.cli.main", "codes", "start", "+15005551001", "--json"]
    done = subprocess.run(command, env={**os.environ, **up.exports()}, capture_output=True, text=True, check=False)
    assert (done.returncode, json.loads(done.stdout)["state"]) == (0, "pending")


def test_a_second_up_in_the_same_folder_is_refused(up: Up, folder: Path) -> None:
    with running_up(folder) as second:
        assert second.wait() != 0
    assert f"{folder} is in use by process {up.process.pid}" in second.said[-1]
    assert up.process.poll() is None


@linux_only
def test_told_to_stop_it_leaves_nothing_running(other_folder: Path) -> None:
    with running_up(other_folder) as up:
        processes = up.descendants()
        assert len(processes) > 7
        assert up.stop() == 0
    assert up.said[-1] == "Stopped, nothing left running."
    assert [pid for pid in processes if is_running(pid)] == []


@linux_only
def test_when_one_process_ends_all_end_and_its_last_words_are_told(other_folder: Path) -> None:
    with running_up(other_folder) as up:
        processes = up.descendants()
        os.kill(next(pid for pid in processes if b"deliver@%h" in _command_line(pid)), signal.SIGKILL)
        assert up.wait() == 1
    assert any(line.startswith("deliver was ended by SIGKILL") for line in up.said)
    assert [pid for pid in processes if is_running(pid)] == []


def test_when_somebody_is_faster_to_take_the_port_it_moves_to_another(other_folder: Path) -> None:
    with socket.socket() as faster:

        def take_it_while_the_simulator_starts() -> None:
            wait_for((other_folder / "run" / "simulator.log").exists)
            faster.bind((LOOPBACK, port))
            faster.listen()

        rmtree(other_folder / "run", ignore_errors=True)
        port = free_port()
        KeptPorts(webhooks=port).keep(other_folder)  # so it is the one that will be chosen
        thief = Thread(target=take_it_while_the_simulator_starts)
        thief.start()
        with running_up(other_folder) as up:
            thief.join()
            assert up.url("webhooks") != f"http://{LOOPBACK}:{port}"
            assert _status(f"{up.url('webhooks')}/readyz") == 200
    assert any(line.startswith("Ports have changed") for line in up.said)


def test_what_it_exports_stays_good_for_the_next_run(other_folder: Path) -> None:
    """On another port than the usual one too, which somebody has."""
    with socket.socket() as taken:
        with suppress(OSError):  # somebody else has it already
            taken.bind((LOOPBACK, USUAL_PORT))
            taken.listen()
        with running_up(other_folder, PORT="") as first:
            port = first.exports()["PORT"]
        with running_up(other_folder, PORT="") as second:
            assert f"port {USUAL_PORT} is taken; the webhooks listen on {port}" in second.said
    of_one_run = {"SENDGRID_WEBHOOK_PUBLIC_KEY"}  # only the webhooks need it
    assert {name for name, value in first.exports().items() if second.exports()[name] != value} <= of_one_run
    assert not any(line.startswith("Ports have changed") for line in second.said)


def test_a_port_that_was_asked_for_and_is_taken_is_refused(tmp_path: Path) -> None:
    """In one sentence, and before anything starts."""
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "messaging_pipeline.cli.main", "up"]
        without = {name: value for name, value in os.environ.items() if not name.startswith("TWILIO_")}
        done = subprocess.run(
            command, env={**without, "PORT": port}, cwd=tmp_path, capture_output=True, text=True, check=False
        )
    assert (done.returncode, done.stderr) == (
        2,
        f"messaging-pipeline: PORT: {port} is taken; stop what listens there, or name another; 0 is any\n",
    )
    assert not (tmp_path / ".local" / "postgres").exists()


@linux_only
def test_killed_outright_it_takes_everything_along(other_folder: Path) -> None:
    with running_up(other_folder) as up:
        processes = up.descendants()
        up.stop(signal.SIGKILL)
    assert all(has_ended(pid) for pid in processes)


def test_what_the_caller_names_is_used_and_not_started(tmp_path: Path, database_url: str, redis_url: str) -> None:
    given = {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
    with local_servers(given, tmp_path) as servers:
        assert not servers.started
        assert not servers.made
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("setting", ["DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL"])
def test_a_server_of_the_callers_that_does_not_answer_is_named(
    tmp_path: Path, database_url: str, redis_url: str, setting: str
) -> None:
    scheme = {"DATABASE_URL": "postgresql", "REDIS_URL": "redis", "CELERY_BROKER_URL": "amqp"}[setting]
    given = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, setting: f"{scheme}://127.0.0.1:{free_port()}"}
    with pytest.raises(NotReachable, match=setting), local_servers(given, tmp_path):
        pass
