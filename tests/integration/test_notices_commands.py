"""The commands about events: list and show them, tell them once more, let them go; each tenant sees its own."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import pytest

from messaging_pipeline.queues import Queue, Task
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.simulators import RuntimeMaker
from tests.support.commands import Finished, run_command
from tests.support.factories import RECIPIENT, configuration_file, environment
from tests.support.inbound_cases import hear_text, sid
from tests.support.queued import queued
from tests.support.stand_in import answering, stand_in
from tests.support.told import HEAD, SECRET, policy, reach, states

Run = Callable[..., Finished]


@pytest.fixture
def config() -> str:
    return HEAD + policy("orders", "http://127.0.0.1:9", inbound=True)


@pytest.fixture
def runtime(make_runtime: RuntimeMaker, config: str) -> WorkerRuntime:
    return make_runtime(config, DESK=SECRET)


@pytest.fixture
def run(database_url: str, redis_url: str, tmp_path: Path, config: str) -> Run:
    path = configuration_file(tmp_path, config)
    given = environment(DATABASE_URL=database_url, REDIS_URL=redis_url, MESSAGING_CONFIG=path, DESK=SECRET)
    return lambda *arguments: run_command(given, *arguments)


def die(runtime: WorkerRuntime) -> None:
    with runtime.base.pool.connection() as connection:
        connection.execute("update notices set state = 'dead', explanation = 'the receiver did not take it (410)'")


def test_events_are_listed_shown_and_told_once_more(runtime: WorkerRuntime, run: Run, redis_url: str) -> None:
    message_id = reach(runtime, "sent", "delivered", to=RECIPIENT)
    hear_text(runtime, "Hello", sid(1))
    die(runtime)
    listed = run("notices", "list", "--json").json
    assert [(one["status"], one["state"]) for one in listed] == [
        (None, "dead"),
        ("delivered", "dead"),
        ("sent", "dead"),
    ]
    assert len(run("notices", "list", "--about", str(message_id), "--json").json) == 2
    assert run("notices", "list", "--state", "told", "--json").json == []
    assert run("notices", "list", "--policy", "shop", "--json").json == []
    first = listed[0]["id"]
    shown = run("notices", "show", first)
    assert "the receiver did not take it (410)" in shown.out
    at = datetime.fromisoformat(listed[0]["at"])
    assert f"at          {at:%Y-%m-%d %H:%M:%S} UTC" in shown.lines
    assert RECIPIENT not in run("notices", "list").out + shown.out
    runtime.telling.bell.begin("orders")
    assert run("notices", "replay", first, "--json").json == {"replayed": 1}
    assert Task.TELL in [one.name for one in queued(redis_url, Queue.FALLBACK)]
    assert run("notices", "replay", first).code == 1
    assert run("notices", "replay", "--policy", "orders").lines == ["2 replayed"]
    assert states(runtime) == ["waiting"] * 3


def test_what_was_told_can_be_told_again_under_the_same_id(
    make_runtime: RuntimeMaker, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    with stand_in(answering(204)) as receiver:
        config = HEAD + policy("orders", receiver.url)
        runtime = make_runtime(config, DESK=SECRET)
        reach(runtime, "sent")
        runtime.telling.run("orders")
        path = configuration_file(tmp_path, config)
        given = environment(DATABASE_URL=database_url, REDIS_URL=redis_url, MESSAGING_CONFIG=path, DESK=SECRET)
        (listed,) = run_command(given, "notices", "list", "--json").json
        assert run_command(given, "notices", "replay", listed["id"]).code == 0
        runtime.base.clock.advance(1)  # type: ignore[attr-defined]
        with runtime.base.pool.connection() as connection:  # the command's clock is the real one
            connection.execute("update notices set due_at = %s", [runtime.base.clock.now()])
        runtime.telling.run("orders")
        assert [one.headers["idempotency-key"] for one in receiver.requests] == [listed["id"]] * 2


def test_events_are_dropped_one_by_one_or_together(runtime: WorkerRuntime, run: Run) -> None:
    reach(runtime, "sent", "delivered")
    die(runtime)
    reach(runtime, "sent")
    listed = run("notices", "list", "--json").json
    assert run("notices", "drop", listed[1]["id"], "--json").json == {"dropped": 1}
    assert run("notices", "drop", listed[1]["id"]).code == 1
    assert run("notices", "drop", "--policy", "orders").lines == ["1 dropped"]
    assert run("notices", "drop", "--policy", "orders", "--waiting", "--json").json == {"dropped": 1}
    assert states(runtime) == ["dropped"] * 3


def test_what_cannot_be_done_with_an_event_is_told_why(runtime: WorkerRuntime, run: Run) -> None:
    reach(runtime, "sent", "delivered")
    listed = [one["id"] for one in run("notices", "list", "--json").json]
    assert f"event {listed[0]} waits to be told already" in run("notices", "replay", listed[0]).err
    with runtime.base.pool.connection() as connection:
        connection.execute("update notices set state = 'told' where notice_id = %s", [listed[0]])
    both = run("notices", "drop", *listed)
    assert (both.code, both.lines) == (1, ["1 dropped"])
    assert both.err == f"messaging-pipeline: event {listed[0]} was told already; there is nothing left to let go\n"
    assert f"event {listed[1]} was dropped already" in run("notices", "drop", listed[1]).err
    nowhere = str(uuid4())
    for command in ("replay", "drop"):
        assert run("notices", command, nowhere).err == f"messaging-pipeline: there is no event {nowhere}\n"


@pytest.mark.parametrize("command", ["replay", "drop"])
def test_a_policy_that_is_none_is_named(runtime: WorkerRuntime, run: Run, command: str) -> None:
    assert run("notices", command, "--policy", "orders").code == 0
    ended = run("notices", command, "--policy", "nosuch")
    assert ended.code == 1
    assert "--policy: names no events policy of this tenant; use one of: orders" in ended.err


def test_another_tenant_sees_and_changes_nothing(runtime: WorkerRuntime, run: Run) -> None:
    reach(runtime, "sent")
    die(runtime)
    ((first,),) = [[one["id"]] for one in run("notices", "list", "--json").json]
    acme = ("--tenant", "acme")
    assert run("notices", "list", *acme, "--json").json == []
    for command in (("show", first), ("replay", first), ("drop", first)):
        assert run("notices", *command, *acme).code == 1
    for command in ("replay", "drop"):
        assert "0 " in run("notices", command, "--policy", "orders", *acme).out
    assert states(runtime) == ["dead"]


def test_wrong_usage_is_told_apart_from_what_is_not_there(run: Run) -> None:
    assert run("notices", "replay").code == 2
    assert run("notices", "drop", str(uuid4()), "--policy", "orders").code == 2
    assert run("notices", "show", "4711").code == 2
    assert run("notices", "show", str(uuid4())).code == 1
