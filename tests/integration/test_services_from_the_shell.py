"""Operators steer services from the shell, and each command says what came of it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis

from messaging_pipeline.services.board import BOARD_SECONDS
from tests.support.commands import Finished, run_command
from tests.support.factories import a_send, configuration_file, environment, worker_runtime

SERVICES = """
[services.default]
from_number = "+15005550006"
segments_per_second = 30
burst_segments = 12

[services.offers]
from_number = "+15005550006"
segments_per_second = 1.5
"""

Shell = Callable[..., Finished]
Told = Callable[..., Any]


@pytest.fixture
def surroundings(database_url: str, redis_url: str, tmp_path: Path) -> dict[str, str]:
    path = configuration_file(tmp_path, SERVICES)
    return environment(DATABASE_URL=database_url, REDIS_URL=redis_url, MESSAGING_CONFIG=path)


@pytest.fixture
def shell(surroundings: dict[str, str]) -> Shell:
    def run(*arguments: str, **changes: str) -> Finished:
        return run_command({**surroundings, **changes}, "services", *arguments)

    return run


@pytest.fixture
def told(shell: Shell) -> Told:
    """What a command says in JSON."""

    def told(*arguments: str) -> Any:
        ended = shell(*arguments, "--json")
        assert (ended.code, ended.err) == (0, "")
        return json.loads(ended.out)

    return told


def test_the_list_tells_how_services_stand_and_what_waits(told, surroundings):
    with worker_runtime(**surroundings) as runtime:
        runtime.base.accepting.accept(a_send(service="default"))
    told("pause", "default")
    paused, quiet = told("list")
    assert (paused["oldest_due_at"] is None, quiet.pop("oldest_due_at")) == (False, None)
    assert (paused["state"], paused["reason"]) == ("paused", "paused by an operator")
    assert (paused["due"], paused["waiting"]) == (1, 1)
    assert quiet == {
        "service": "offers",
        "tenant": "default",
        "sender": "+15005550006",
        "state": "on",
        "accepting": True,
        "reason": None,
        "error_code": None,
        "configured_segments_per_second": 1.5,
        "segments_per_second": 1.5,
        "factor": 1.0,
        "burst_segments": 1,
        "due": 0,
        "waiting": 0,
    }


def test_the_table_is_for_people(shell):
    assert shell("set-rate", "offers", "2.25").code == 0
    assert [" ".join(line.split()) for line in shell("list").out.splitlines()] == [
        "SERVICE TENANT SENDER STATE ACCEPTING RATE NOW BURST DUE WAITING REASON",
        "default default +15005550006 on yes 30 30 12 0 0",
        "offers default +15005550006 on yes 2.25 2.25 2 0 0",
    ]


def test_a_service_that_is_no_longer_configured_is_listed_with_what_waits_for_it(told, surroundings, tmp_path):
    with worker_runtime(**surroundings) as runtime:
        runtime.base.accepting.accept(a_send(service="offers"))
    configuration_file(tmp_path, SERVICES.replace("offers", "letters"))
    orphan = next(one for one in told("list") if one["service"] == "offers")
    assert (orphan["sender"], orphan["state"], orphan["waiting"]) == ("(not configured)", None, 1)


def test_pause_drain_and_resume_say_how_the_service_stands(told):
    told("pause", "offers")
    drained = told("drain", "offers")
    assert (drained["state"], drained["accepting"]) == ("paused", False)
    resumed = told("resume", "offers")
    assert (resumed["state"], resumed["accepting"], resumed["reason"]) == ("on", True, None)


def test_a_sentence_is_for_people(shell):
    assert shell("pause", "offers").out == (
        "offers: paused (paused by an operator), accepts messages, 1.5 segments/s, burst 1\n"
    )


def test_a_rate_is_set_and_taken_back(told):
    faster = told("set-rate", "default", "50", "--burst", "7")
    assert (faster["segments_per_second"], faster["burst_segments"]) == (50.0, 7)
    as_in_the_file = told("set-rate", "default", "--file")
    assert (as_in_the_file["segments_per_second"], as_in_the_file["burst_segments"]) == (30.0, 12)


@pytest.mark.parametrize("arguments", [("resume", "offers"), ("set-rate", "offers", "5")], ids=" ".join)
def test_what_lets_a_service_go_on_wakes_it_now_and_when_every_worker_knows(told, redis_url, arguments):
    told(*arguments)
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        assert client.llen("deliver") == 1
        seconds, microseconds = client.time()
        alarm_at = client.zscore("mp:alarms", "offers") / 1_000_000
    assert alarm_at <= seconds + microseconds / 1_000_000 + BOARD_SECONDS


def test_a_broker_that_is_away_does_not_keep_a_service_stopped(shell, told):
    told("pause", "offers")
    assert shell("resume", "offers", REDIS_URL="redis://127.0.0.1:9/0").code == 0
    assert told("list")[1]["state"] == "on"


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (("pause", "offerz"), 1, "service: is unknown; use one of: default, offers"),
        (("set-rate", "offers", "20000"), 1, "segments_per_second: is out of range"),
        (("set-rate", "offers", "5", "--burst", "0"), 1, "burst: is out of range"),
        (("set-rate", "offers"), 2, "give either SEGMENTS_PER_SECOND"),
        (("set-rate", "offers", "5", "--file"), 2, "give either SEGMENTS_PER_SECOND"),
        (("set-rate", "offers", "--burst", "5", "--file"), 2, "give either SEGMENTS_PER_SECOND"),
        (("set-rate", "offers", "fast"), 2, "is not a valid float"),
        (("pause",), 2, "Missing argument"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_a_wrong_command_changes_nothing_and_says_what_is_wrong(shell, arguments, code, complaint):
    ended = shell(*arguments)
    assert (ended.code, ended.out) == (code, "")
    assert complaint in ended.err


def test_a_database_that_is_away_is_exit_code_3(shell):
    ended = shell("pause", "offers", DATABASE_URL="postgresql://127.0.0.1:9/nowhere")
    assert ended.code == 3
    assert "DATABASE_URL" in ended.err
