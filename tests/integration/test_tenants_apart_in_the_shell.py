"""Tenants apart on the command line: with --tenant, what is another's is neither shown nor changed."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from messaging_pipeline.simulator.control_client import SimulatorControl
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.simulators import RuntimeMaker
from tests.support.commands import Finished, run_command
from tests.support.consenting import NUMBER
from tests.support.delivering import DEFAULT
from tests.support.factories import environment
from tests.support.two_tenants import (
    BOTH,
    DEFAULTS_NUMBER,
    SECRET_TEXT,
    accepted,
    find_invalid,
    listed,
    opt_out,
    twilio_of_both,
)

Run = Callable[..., Finished]
TEXT_SID = "SM" + "2" * 32


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with twilio_of_both() as it:
        yield it


@pytest.fixture
def both(make_runtime: RuntimeMaker) -> WorkerRuntime:
    """The tenants `default` and `acme`, each with a quick service."""
    return make_runtime(BOTH)


def written(runtime: WorkerRuntime) -> None:
    """Let a person write to the tenant `default`."""
    form = runtime.base.sealer.seal([["MessageSid", TEXT_SID], ["From", NUMBER], ["Body", SECRET_TEXT]]).decode()
    runtime.receiving.store(tenant="default", sealed_form=form, received_at=runtime.base.clock.now())


@pytest.fixture
def run(both: WorkerRuntime, database_url: str, redis_url: str, simulator: Simulator, tmp_path: Path) -> Run:
    """Run a command beside them."""
    given = environment(
        DATABASE_URL=database_url,
        REDIS_URL=redis_url,
        TWILIO_API_BASE_URL=simulator.url,
        MESSAGING_CONFIG=str(tmp_path / "messaging.toml"),
    )
    return lambda *arguments: run_command(given, *arguments)


def test_a_file_that_is_handed_in_for_a_tenant_cannot_send_as_another(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "recipients.csv"
    file.write_text("to,body,tenant,service\n+14155550101,a,default,default\n+14155550102,b,,acme-alerts\n")
    handed_in = run("send-bulk", str(file), "--tenant", "acme", "--json")
    assert (handed_in.code, len(handed_in.json["accepted"])) == (1, 1)
    assert [one["line"] for one in handed_in.json["refused"]] == [2]
    assert run("messages", "list", "--json").json == []


def test_a_tenant_cannot_say_yes_in_anothers_name(run: Run) -> None:
    assert run("optouts", "add", NUMBER, "--all-services").code == 0
    assert run("optouts", "remove", NUMBER, "--tenant", "acme", "--all-services").out == "was not opted out; noted\n"
    assert run("optouts", "remove", NUMBER, "--tenant", "acme", "--scope", "default").code == 1
    assert len(run("optouts", "list", "--json").json) == 1


@pytest.mark.parametrize(
    "command",
    [
        ("pause", "default"),
        ("resume", "default"),
        ("drain", "default"),
        ("set-rate", "default", "1"),
        ("set-rate", "default", "--file"),
    ],
    ids=" ".join,
)
def test_anothers_service_cannot_be_steered(run: Run, both: WorkerRuntime, command: tuple[str, ...]) -> None:
    before = both.base.board.standing(DEFAULT)
    steered = run("services", *command, "--tenant", "acme")
    assert (steered.code, steered.out) == (1, "")
    assert steered.err.rstrip().endswith("use one of: acme-alerts")
    both.base.board.forget()
    assert both.base.board.standing(DEFAULT) == before


def test_a_tenants_own_service_can_be_steered_and_is_all_that_is_listed(run: Run) -> None:
    assert run("services", "pause", "acme-alerts", "--tenant", "acme").code == 0
    (mine,) = run("services", "list", "--tenant", "acme", "--json").json
    assert (mine["service"], mine["state"]) == ("acme-alerts", "paused")
    assert [one["service"] for one in run("services", "list", "--json").json] == ["acme-alerts", "default"]


@pytest.mark.parametrize(
    "command",
    [
        ("messages", "show", "ID"),
        ("messages", "cancel", "ID"),
        ("messages", "feedback", "ID", "confirmed"),
        ("messages", "resolve", "ID", "--not-sent"),
        ("messages", "resolve", "ID", "--sent", "SM" + "7" * 32, "--force"),
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_on_the_command_line_anothers_message_does_not_exist(
    run: Run, both: WorkerRuntime, command: tuple[str, ...]
) -> None:
    message_id = accepted(both)
    named = [str(message_id) if word == "ID" else word for word in command]
    ended = run(*named, "--tenant", "acme")
    assert (ended.code, ended.out) == (1, "")
    assert "there is no message" in ended.err
    assert listed(both, "default") == [(message_id, "pending")]


@pytest.mark.parametrize(
    "command",
    [
        ("messages", "list", "--json"),
        ("optouts", "list", "--json"),
        ("optouts", "export", "--json"),
        ("numbers", "list", "--json"),
        ("inbound", "list", "--json"),
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_on_the_command_line_a_tenants_lists_hold_nothing_of_anothers(
    run: Run, both: WorkerRuntime, command: tuple[str, ...]
) -> None:
    accepted(both, to=NUMBER)
    opt_out(both, "default", "default")
    find_invalid(both, "default")
    written(both)
    assert len(run(*command).json) == 1
    assert run(*command, "--tenant", "acme").json == []


def test_on_the_command_line_what_somebody_wrote_to_another_is_not_there(run: Run, both: WorkerRuntime) -> None:
    written(both)
    told = run("inbound", "show", TEXT_SID, "--tenant", "acme")
    assert (told.code, told.out) == (1, "")
    assert run("inbound", "show", TEXT_SID).code == 0


def test_forgetting_a_person_for_one_tenant_leaves_what_another_has(run: Run, both: WorkerRuntime) -> None:
    message_id = accepted(both, to=NUMBER)
    written(both)
    assert run("forget", NUMBER, "--tenant", "acme").code == 0
    assert listed(both, "default") == [(message_id, "pending")]
    assert len(run("messages", "list", "--to", NUMBER, "--json").json) == 1
    assert len(run("inbound", "list", "--json").json) == 1


def test_on_the_command_line_a_persons_history_is_each_tenants_own(run: Run, both: WorkerRuntime) -> None:
    opt_out(both, "default", "default")
    told = run("consent", "history", NUMBER, "--tenant", "acme", "--json").json
    assert (told["opted_out"], told["events"]) == ([], [])


def test_a_number_is_cleared_for_one_tenant_alone(run: Run, both: WorkerRuntime) -> None:
    find_invalid(both, "default")
    assert run("numbers", "clear", NUMBER, "--tenant", "acme", "--json").json["cleared"] is False
    assert len(run("numbers", "list", "--json").json) == 1


def test_the_audit_of_one_tenant_finds_nothing_of_anothers(run: Run, both: WorkerRuntime) -> None:
    message_id = accepted(both)
    with both.base.pool.connection() as connection:
        connection.execute("update messages set attempts = 7 where id = %s", [message_id])
    assert run("audit").code == 1
    audited = run("audit", "--tenant", "acme", "--json")
    assert audited.code == 0
    assert {(one["rule"], one["checked"]) for one in audited.json if one["checked"]} == set()


def test_reconciling_one_tenant_from_the_shell_asks_about_nobody_else(run: Run, simulator: Simulator) -> None:
    with SimulatorControl(simulator.url) as control:
        control.receive_text(NUMBER, DEFAULTS_NUMBER, SECRET_TEXT)
    told = run("reconcile", "--tenant", "acme", "--json")
    assert (told.code, told.json["findings"].get("inbound", 0)) == (0, 0)
    assert run("reconcile", "--tenant", "nobody").code == 1
