"""The simulator as a process of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from messaging_pipeline.simulator.__main__ import run
from messaging_pipeline.simulator.control_client import SimulatorControl
from tests.support.simulated_twilio import SERVICE, real_client

COMMAND = [sys.executable, "-m", "messaging_pipeline.simulator", "--port", "0"]
STOP_WITHIN_SECONDS = 30


@contextmanager
def process(*arguments: str, **environment: str) -> Iterator[tuple["subprocess.Popen[str]", dict[str, Any]]]:
    started = subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
    )
    with started:
        try:
            assert started.stdout is not None
            yield started, json.loads(started.stdout.readline())
        finally:
            started.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_is_in_one_line_and_ends_cleanly(number: signal.Signals) -> None:
    with process("--seed", "7") as (simulator, ready):
        with SimulatorControl(ready["url"]) as control:
            assert control.state()["seed"] == 7
        simulator.send_signal(number)
        out, err = simulator.communicate(timeout=STOP_WITHIN_SECONDS)

    assert ready.keys() == {"url", "files_url", "smtp_port", "seed", "sendgrid_public_key"}
    assert (simulator.returncode, out, err) == (0, "", "")


def test_it_ends_at_once_although_a_connection_is_held() -> None:
    with process() as (simulator, ready):
        client = real_client(ready["url"], timeout_seconds=0.2)
        with pytest.raises(Exception, match="timed out"):
            client.messages.create(to="+15005551020", messaging_service_sid=SERVICE, body="Hello")
        client.http_client.session.close()
        simulator.send_signal(signal.SIGTERM)

        assert simulator.wait(STOP_WITHIN_SECONDS) == 0


def test_the_credentials_come_from_the_environment() -> None:
    with process(TWILIO_ACCOUNT_SID="ACenvironment", TWILIO_AUTH_TOKEN="t") as (_, ready):
        client = real_client(ready["url"], sid="ACenvironment", token="t")
        assert client.api.accounts("ACenvironment").fetch().status == "active"
        client.http_client.session.close()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--speed", "0"], "--speed: must be more than 0"),
        (["--latency-ms", "-1"], "--latency-ms: must be 0 or more"),
        (["--inbound-url", "localhost"], "--inbound-url: must be an http or https URL"),
        (["--sendgrid-events-url", "localhost"], "--sendgrid-events-url: must be an http or https URL"),
        (["--port", "x"], "argument --port: invalid int value: 'x'"),
        (["--config", "/nowhere.toml"], "/nowhere.toml: cannot be read (No such file or directory)"),
    ],
)
def test_wrong_usage_is_one_sentence_that_names_the_key(
    capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
) -> None:
    assert run(arguments) == 2
    assert capsys.readouterr().err == complaint + "\n"


def test_a_wrong_key_in_the_file_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "simulator.toml"
    path.write_text("[faults]\nanswer_lots = 1\n")

    assert run(["--config", str(path)]) == 2
    assert capsys.readouterr().err == "faults.answer_lots: there is no such key\n"


def test_a_port_that_is_taken_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with process() as (_, ready):
        port = ready["url"].rpartition(":")[2]
        assert run(["--port", port]) == 1

    assert "cannot listen" in capsys.readouterr().err
