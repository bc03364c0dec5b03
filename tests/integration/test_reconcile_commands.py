"""Reconciling and resolving from the shell: what is printed, and with which exit code it ends."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.simulator.configuration import AccountConfig, Faults, SimulatorConfig
from messaging_pipeline.simulator.in_thread import simulator_in_thread
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.simulators import QUICK_SERVICE
from tests.support.commands import Finished, run_command
from tests.support.factories import ACCOUNT_SID, AUTH_TOKEN, configuration_file, environment
from tests.support.reconciled import (
    DELIVERED,
    RESET_AFTER_ACCEPT,
    SENT_AND_NO_MORE,
    remote,
    sent,
    statuses,
    until_at_twilio,
)

Run = Callable[..., Finished]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime.now(UTC))


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """Twilio at 200 times its speed; none of its callbacks reaches us."""
    config = SimulatorConfig(
        accounts=(AccountConfig(ACCOUNT_SID, AUTH_TOKEN),), faults=Faults(callback_lost=1.0), speed=200.0
    )
    with simulator_in_thread(config) as it:
        yield it


@pytest.fixture
def run(database_url: str, redis_url: str, simulator: Simulator, tmp_path: Path) -> Run:
    def run(*arguments: str, **changes: Any) -> Finished:
        values = {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "TWILIO_API_BASE_URL": simulator.url,
            "MESSAGING_CONFIG": configuration_file(tmp_path, QUICK_SERVICE),
        }
        return run_command(environment(**{**values, **changes}), *arguments)

    return run


def test_reconcile_brings_everything_home_and_says_how_much(
    run: Run, sending: WorkerRuntime, simulator: Simulator
) -> None:
    ids = sent(sending, DELIVERED, SENT_AND_NO_MORE, RESET_AFTER_ACCEPT)
    until_at_twilio(simulator, "delivered", "sent")
    ended = run("reconcile")
    assert (ended.code, ended.err) == (0, "")
    assert statuses(sending, ids) == ["delivered", "sent", "delivered"]
    assert [line.split(maxsplit=1) for line in ended.lines[1:]] == [
        ["2", "messages moved on"],
        ["1", "attempts in doubt were found at Twilio"],
    ]


def test_reconcile_tells_programs_in_json(run: Run, sending: WorkerRuntime, simulator: Simulator) -> None:
    sent(sending, DELIVERED)
    until_at_twilio(simulator, "delivered")
    told = run("reconcile", "--since", "2h", "--tenant", "default", "--json").json
    assert told == {"findings": {"moved": 1}, "requests": 1, "not_asked": 0, "endings": {}, "busy": []}


def test_one_request_is_told_as_one(run: Run, sending: WorkerRuntime, simulator: Simulator) -> None:
    sent(sending, DELIVERED)
    until_at_twilio(simulator, "delivered")
    assert run("reconcile", "--since", "2h").lines == ["1 request", "     1  messages moved on"]


def test_reconcile_leaves_with_3_when_twilio_is_away(run: Run) -> None:
    ended = run("reconcile", TWILIO_API_BASE_URL="http://127.0.0.1:9")
    assert ended.code == 3
    assert "TWILIO_API_BASE_URL" in ended.err


def test_reconcile_leaves_with_1_when_twilio_refuses_to_answer(run: Run) -> None:
    ended = run("reconcile", TWILIO_AUTH_TOKEN="wrong")
    assert (ended.code, ended.lines[-2:]) == (
        1,
        ["tenant default: ended early (refused)", "1 question was not answered"],
    )


@pytest.mark.parametrize("arguments", [("--since", "soon"), ("--since", "2"), ("--since", "h")])
def test_a_span_of_time_that_is_none_is_wrong_usage(run: Run, arguments: tuple[str, ...]) -> None:
    assert run("reconcile", *arguments).code == 2


def test_an_unknown_tenant_is_refused(run: Run) -> None:
    ended = run("reconcile", "--tenant", "nobody")
    assert (ended.code, "use one of: default" in ended.err) == (1, True)


def test_resolve_binds_a_message_to_its_sid(run: Run, sending: WorkerRuntime, simulator: Simulator) -> None:
    (message_id,) = sent(sending, RESET_AFTER_ACCEPT)
    until_at_twilio(simulator, "delivered")
    (theirs,) = remote(simulator)
    ended = run("messages", "resolve", str(message_id), "--sent", theirs["sid"])
    assert (ended.code, ended.out) == (0, "delivered\n")


def test_resolve_sends_again_what_was_not_sent(run: Run, sending: WorkerRuntime) -> None:
    (message_id,) = sent(sending, RESET_AFTER_ACCEPT)
    told = run("messages", "resolve", str(message_id), "--not-sent", "--json").json
    assert told == {"id": str(message_id), "status": "pending"}
    again = run("messages", "resolve", str(message_id), "--not-sent")
    assert (again.code, "is pending" in again.err) == (1, True)


@pytest.mark.parametrize("arguments", [(), ("--not-sent", "--sent", "SM" + "1" * 32)])
def test_resolve_wants_one_word_and_not_two(run: Run, arguments: tuple[str, ...]) -> None:
    assert run("messages", "resolve", "01a20ae3-36f1-71b2-9f95-11ed72e1abd2", *arguments).code == 2
