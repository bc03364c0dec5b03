"""Processes that are started wrongly say what is wrong, in one sentence, and end."""

import socket
import subprocess
from pathlib import Path

import pytest

from messaging_pipeline.stack.command_lines import BEAT, DELIVER_WORKER, WEBHOOKS, for_this_interpreter
from tests.support.factories import configuration_file, environment


def start(line: tuple[str, ...], **changes: str | None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        for_this_interpreter(line),
        env={"PATH": "/usr/bin:/bin", "PYTHONWARNINGS": "ignore", **environment(**changes)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("line", [DELIVER_WORKER, BEAT, WEBHOOKS], ids=["worker", "beat", "webhooks"])
def test_a_wrong_variable_is_named(line: tuple[str, ...]) -> None:
    ended = start(line, TWILIO_ACCOUNT_SID="nonsense")
    assert ended.returncode == 2
    assert "TWILIO_ACCOUNT_SID" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("line", [DELIVER_WORKER, WEBHOOKS], ids=["worker", "webhooks"])
def test_a_wrong_key_in_the_configuration_is_named(line: tuple[str, ...], tmp_path: Path) -> None:
    path = configuration_file(tmp_path, "[services.default]\nsegments_per_minute = 5\n")
    ended = start(line, MESSAGING_CONFIG=path)
    assert ended.returncode == 2
    assert "services.default.segments_per_minute" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_worker_without_an_account_says_so() -> None:
    ended = start(DELIVER_WORKER, TWILIO_ACCOUNT_SID=None, TWILIO_AUTH_TOKEN=None)
    assert ended.returncode == 2
    assert "TWILIO_ACCOUNT_SID" in ended.stderr


def test_a_worker_without_keys_says_so() -> None:
    ended = start(DELIVER_WORKER, MESSAGING_ENCRYPTION_KEYS=None)
    assert ended.returncode == 2
    assert "MESSAGING_ENCRYPTION_KEYS" in ended.stderr


def test_a_worker_on_a_database_without_the_schema_says_what_to_run(empty_database_url: str) -> None:
    ended = start(DELIVER_WORKER, DATABASE_URL=empty_database_url)
    assert ended.returncode == 3
    assert "run `messaging-pipeline migrate`" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_metrics_port_that_somebody_has_stops_the_webhooks() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ended = start(WEBHOOKS, PORT="0", MESSAGING_METRICS_PORT=port)
    assert ended.returncode == 2
    assert f"MESSAGING_METRICS_PORT: nobody can listen on 127.0.0.1:{port}" in ended.stderr
    assert "Traceback" not in ended.stderr
