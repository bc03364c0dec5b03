"""Processes that are started wrongly say what is wrong, in one sentence, and end."""

import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from messaging_pipeline.simulator.configuration import AccountConfig, SimulatorConfig
from messaging_pipeline.simulator.in_thread import simulator_in_thread
from messaging_pipeline.stack.command_lines import BEAT, DELIVER_WORKER, WEBHOOKS, for_this_interpreter
from tests.support.factories import ACCOUNT_SID, AUTH_TOKEN, environment

WRONG, NOT_REACHABLE = 2, 3
LINES = {"worker": DELIVER_WORKER, "beat": BEAT, "webhooks": WEBHOOKS}
IN_CLEAR = {"TWILIO_STATUS_CALLBACK_PUBLIC_URL": "http://sms.example.com/twilio/status"}
NO_ACCOUNT = {"TWILIO_ACCOUNT_SID": None, "TWILIO_AUTH_TOKEN": None}
AWAY = "127.0.0.1:9"


@dataclass(frozen=True)
class Case:
    """A process, what is wrong with its environment, and what it must say and end with."""

    process: str
    changes: dict[str, str | None]
    said: str
    code: int = WRONG
    toml: bytes | None = field(default=None, kw_only=True)


#: What is wrong can be seen before anything is connected.
WRITTEN_WRONGLY = {
    "a wrong variable": Case("worker", {"TWILIO_ACCOUNT_SID": "nonsense"}, "TWILIO_ACCOUNT_SID: "),
    "no account": Case("worker", NO_ACCOUNT, "TWILIO_ACCOUNT_SID: is not set"),
    "no keys": Case("worker", {"MESSAGING_ENCRYPTION_KEYS": None}, "MESSAGING_ENCRYPTION_KEYS: is not set"),
    "a webhook in clear, worker": Case("worker", IN_CLEAR, "TWILIO_STATUS_CALLBACK_PUBLIC_URL: must start with https"),
    "a webhook in clear, beat": Case("beat", IN_CLEAR, "TWILIO_STATUS_CALLBACK_PUBLIC_URL: must start with https"),
    "a webhook in clear, webhooks": Case(
        "webhooks", IN_CLEAR, "TWILIO_STATUS_CALLBACK_PUBLIC_URL: must start with https"
    ),
    "broken TOML": Case("worker", {}, "MESSAGING_CONFIG: ", toml=b"[services.default\n"),
    "TOML that is not UTF-8": Case("webhooks", {}, "MESSAGING_CONFIG: ", toml=b'[services.default]\nx = "\xe4"\n'),
    "a key that there is not, worker": Case(
        "worker", {}, "MESSAGING_CONFIG services.default.segments: ", toml=b"[services.default]\nsegments = 5\n"
    ),
    "a key that there is not, webhooks": Case(
        "webhooks", {}, "MESSAGING_CONFIG services.default.segments: ", toml=b"[services.default]\nsegments = 5\n"
    ),
    "a folder as the file": Case("webhooks", {"MESSAGING_CONFIG": "/tmp"}, "MESSAGING_CONFIG: /tmp cannot be read"),
    "no URL of Postgres": Case("worker", {"DATABASE_URL": "nonsense"}, "DATABASE_URL: is not a Postgres URL"),
    "no URL of Redis": Case(
        "worker",
        {"REDIS_URL": "http://hunter2@r", "CELERY_BROKER_URL": "amqp://b"},
        "REDIS_URL: is not a Redis URL",
    ),
    "no URL of a broker, worker": Case(
        "worker", {"CELERY_BROKER_URL": "nonsense"}, "CELERY_BROKER_URL: is not the address of a broker"
    ),
    "no URL of a broker, beat": Case(
        "beat", {"CELERY_BROKER_URL": "https://hunter2@b"}, "CELERY_BROKER_URL: is not the address of a broker"
    ),
    "no URL of a broker, webhooks": Case(
        "webhooks", {"REDIS_URL": "redis://:hunter2@r/one"}, "REDIS_URL: is not the address of a broker"
    ),
    "a broker that is away": Case("beat", {}, "the broker is not reachable", NOT_REACHABLE),
    "a Postgres that is away": Case(
        "worker", {"DATABASE_URL": f"postgresql://me:hunter2@{AWAY}/x"}, "Postgres is not reachable", NOT_REACHABLE
    ),
}


def start(line: tuple[str, ...], **changes: str | None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        for_this_interpreter(line),
        env={"PATH": "/usr/bin:/bin", "PYTHONWARNINGS": "ignore", **environment(**changes)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def ends_with_one_sentence(ended: "subprocess.CompletedProcess[str]", said: str, code: int) -> None:
    *before, sentence = ended.stderr.splitlines()
    assert before == [line for line in before if line.endswith("beat: Starting...")]
    assert (said in sentence, "hunter2" in ended.stdout + ended.stderr, ended.returncode) == (True, False, code)


@pytest.mark.parametrize("case", WRITTEN_WRONGLY.values(), ids=WRITTEN_WRONGLY.keys())
def test_a_process_says_what_is_wrong_and_ends(case: Case, tmp_path: Path) -> None:
    changes = dict(case.changes)
    if case.toml is not None:
        (tmp_path / "messaging.toml").write_bytes(case.toml)
        changes["MESSAGING_CONFIG"] = str(tmp_path / "messaging.toml")
    line = LINES[case.process]
    if line == BEAT:
        line = (*line, "--schedule", str(tmp_path / "schedule"))
    ends_with_one_sentence(start(line, **changes), case.said, case.code)


def test_a_worker_on_a_database_without_the_schema_says_what_to_run(empty_database_url: str) -> None:
    ended = start(DELIVER_WORKER, DATABASE_URL=empty_database_url)
    ends_with_one_sentence(ended, "run `messaging-pipeline migrate`", NOT_REACHABLE)


def test_a_worker_does_not_wait_for_a_redis_that_is_away(database_url: str) -> None:
    ended = start(DELIVER_WORKER, DATABASE_URL=database_url)
    ends_with_one_sentence(ended, "Redis is not reachable, or refuses the login; check REDIS_URL", NOT_REACHABLE)


@pytest.fixture
def servers(database_url: str, redis_url: str) -> dict[str, str]:
    """What leads to servers that are there."""
    return {"DATABASE_URL": database_url, "REDIS_URL": redis_url}


def test_a_worker_does_not_wait_for_a_broker_that_is_away(servers: dict[str, str]) -> None:
    ended = start(DELIVER_WORKER, **servers, CELERY_BROKER_URL=f"amqp://me:hunter2@{AWAY}")
    ends_with_one_sentence(ended, "check CELERY_BROKER_URL and that", NOT_REACHABLE)


def test_a_worker_whose_token_twilio_refuses_says_which_it_is(servers: dict[str, str]) -> None:
    account = AccountConfig(ACCOUNT_SID, "another-token")
    with simulator_in_thread(SimulatorConfig(accounts=(account,), smtp_port=None)) as twilio:
        ended = start(DELIVER_WORKER, **servers, TWILIO_API_BASE_URL=twilio.url, TWILIO_AUTH_TOKEN="hunter2")
    ends_with_one_sentence(ended, "TWILIO_AUTH_TOKEN: does not open the account of tenant 'default'", WRONG)


@pytest.fixture
def taken_port() -> Iterator[str]:
    """A port on which somebody else listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield str(taken.getsockname()[1])


def test_a_metrics_port_that_somebody_has_stops_the_webhooks(taken_port: str) -> None:
    ended = start(WEBHOOKS, PORT="0", MESSAGING_METRICS_PORT=taken_port)
    ends_with_one_sentence(ended, f"MESSAGING_METRICS_PORT: nobody can listen on 127.0.0.1:{taken_port}", WRONG)


def test_a_metrics_port_that_somebody_has_stops_a_worker(servers: dict[str, str], taken_port: str) -> None:
    account = AccountConfig(ACCOUNT_SID, AUTH_TOKEN)
    with simulator_in_thread(SimulatorConfig(accounts=(account,), smtp_port=None)) as twilio:
        ended = start(DELIVER_WORKER, **servers, TWILIO_API_BASE_URL=twilio.url, MESSAGING_METRICS_PORT=taken_port)
    ends_with_one_sentence(ended, f"MESSAGING_METRICS_PORT: nobody can listen on 127.0.0.1:{taken_port}", WRONG)
