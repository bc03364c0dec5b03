"""What a person settles: an entry stands in a ticket, and its writer hears of it, or it goes there again."""

from collections.abc import Callable
from pathlib import Path

import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.tickets.start import EntryId
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.support.commands import Finished, run_command
from tests.support.factories import RECIPIENT, environment
from tests.support.ticket_systems import TicketServer
from tests.support.ticketed import failing_changes, hear, replies, states, woken

Run = Callable[..., Finished]
SM1 = EntryId("default", "SM1")


@pytest.fixture
def run(database_url: str, redis_url: str, tmp_path: Path) -> Run:
    """Run a command beside the worker."""
    given = environment(
        DATABASE_URL=database_url, REDIS_URL=redis_url, MESSAGING_CONFIG=str(tmp_path / "messaging.toml"), DESK="x"
    )
    return lambda *arguments: run_command(given, "tickets", "resolve", *arguments)


def in_doubt(worker: WorkerRuntime, ticket_server: TicketServer, sid: str = "SM1") -> None:
    """Let the answer of the ticket system get lost."""
    ticket_server.trouble = failing_changes(500)
    hear(worker, sid, "It does not ring.")
    ticket_server.trouble = failing_changes(None)
    assert states(worker)[sid] == "unconfirmed"


def test_the_writer_of_what_was_found_in_a_ticket_is_told_its_number_once(
    worker: WorkerRuntime, ticket_server: TicketServer, run: Run, redis_url: str
) -> None:
    in_doubt(worker, ticket_server)
    changes = len(ticket_server.changes())
    assert run("SM1", "--stands-in", "T-4711", "--json").json == {"sid": "SM1", "state": "taken", "ticket": "T-4711"}
    assert woken(redis_url)[-1] == "SM1"
    for _ in range(2):
        worker.ticketing.run(SM1)
    assert replies(worker) == [(RECIPIENT, "Thank you. Your ticket is T-4711. Reply HELP for help.")]
    assert (states(worker), len(ticket_server.changes())) == ({"SM1": "answered"}, changes)


def test_what_was_found_nowhere_goes_there_again_once(
    worker: WorkerRuntime, ticket_server: TicketServer, run: Run
) -> None:
    in_doubt(worker, ticket_server)
    assert run("SM1", "--not-there").out == "waiting\n"
    for _ in range(2):
        worker.ticketing.run(SM1)
    assert ticket_server.entries() == [["It does not ring."]]
    assert states(worker) == {"SM1": "answered"}


def test_a_wake_up_that_is_lost_is_made_good_by_the_sweep(
    worker: WorkerRuntime, ticket_server: TicketServer, run: Run, redis_url: str, clock: ManualClock
) -> None:
    in_doubt(worker, ticket_server)
    run("SM1", "--not-there")
    before = len(woken(redis_url))
    clock.advance(5)
    worker.sweep.run()
    assert woken(redis_url)[before:] == ["SM1"]


def test_what_was_refused_can_be_sent_again(worker: WorkerRuntime, ticket_server: TicketServer, run: Run) -> None:
    ticket_server.trouble = failing_changes(422)
    hear(worker, "SM1", "It does not ring.")
    assert states(worker) == {"SM1": "refused"}
    ticket_server.trouble = failing_changes(None)
    assert run("SM1", "--not-there").code == 0
    worker.ticketing.run(SM1)
    assert states(worker) == {"SM1": "answered"}


def test_what_is_not_in_doubt_stays_as_it_is(worker: WorkerRuntime, ticket_server: TicketServer, run: Run) -> None:
    hear(worker, "SM1", "It does not ring.")
    for choice in (["--not-there"], ["--stands-in", "T-1"]):
        told = run("SM1", *choice)
        assert (told.code, told.out) == (1, "")
        assert "is answered; only an unconfirmed, refused or failed one" in told.err
    assert len(replies(worker)) == 1


@pytest.mark.parametrize("tenant", ["default", "acme"])
def test_what_is_not_there_or_is_anothers_is_not_found(
    worker: WorkerRuntime, ticket_server: TicketServer, run: Run, tenant: str
) -> None:
    in_doubt(worker, ticket_server, "SM2")
    told = run("SM1" if tenant == "default" else "SM2", "--not-there", "--tenant", tenant)
    assert (told.code, "there is no message for a ticket" in told.err) == (1, True)
    assert states(worker) == {"SM2": "unconfirmed"}


@pytest.mark.parametrize(
    ("choice", "code"),
    [
        ([], 2),
        (["--not-there", "--stands-in", "T-1"], 2),
        (["--stands-in", ""], 1),
        (["--stands-in", "T 1"], 1),
        (["--stands-in", "x" * 65], 1),
    ],
)
def test_a_wrong_choice_changes_nothing(
    worker: WorkerRuntime, ticket_server: TicketServer, run: Run, choice: list[str], code: int
) -> None:
    in_doubt(worker, ticket_server)
    assert run("SM1", *choice).code == code
    assert states(worker) == {"SM1": "unconfirmed"}
