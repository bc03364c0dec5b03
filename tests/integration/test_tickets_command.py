"""What an operator sees of the messages that belong into tickets."""

from collections.abc import Callable
from pathlib import Path

import pytest

from messaging_pipeline.clock import ManualClock
from tests.support.commands import Finished, run_command
from tests.support.factories import SERVICE_SID, configuration_file, environment, worker_runtime
from tests.support.ticket_systems import SECRET
from tests.support.ticketed import KINDS, NUMBER

SERVICE = f'[services.default]\nmessaging_service_sid = "{SERVICE_SID}"\ninbound_tickets = "support"\n'
NOWHERE = "http://127.0.0.1:9"

Run = Callable[..., Finished]


@pytest.fixture
def run(database_url: str, redis_url: str, tmp_path: Path, clock: ManualClock) -> Run:
    """Two messages have come in, and the ticket system is away."""
    changes = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "MESSAGING_CONFIG": configuration_file(tmp_path, KINDS[0].desk(NOWHERE) + SERVICE),
    }
    with worker_runtime(clock, **changes, DESK=SECRET) as runtime:
        for sid in ("SM1", "SM2"):
            form = [["MessageSid", sid], ["From", NUMBER], ["MessagingServiceSid", SERVICE_SID], ["Body", "Hello."]]
            sealed = runtime.base.sealer.seal(form).decode()
            runtime.receiving.store(tenant="default", sealed_form=sealed, received_at=clock.now())
            clock.advance(1)
    return lambda *arguments: run_command(environment(**changes), *arguments)


def test_messages_are_listed_newest_first_with_their_number_masked(run: Run) -> None:
    listed = run("tickets", "list")
    assert listed.code == 0
    assert [line.split()[2:6] for line in listed.lines[1:]] == [
        ["SM2", "+1•••0123", "support", "waiting"],
        ["SM1", "+1•••0123", "support", "waiting"],
    ]


def test_programs_get_everything_as_json(run: Run) -> None:
    found = run("tickets", "list", "--limit", "1", "--desk", "support", "--json").json
    assert [(one["sid"], one["number"], one["ticket"]) for one in found] == [("SM2", NUMBER, None)]


def test_only_what_is_asked_for_is_shown(run: Run) -> None:
    assert run("tickets", "list", "--state", "unconfirmed", "--json").json == []
    assert run("tickets", "list", "--desk", "other", "--json").json == []
    assert run("tickets", "list", "--tenant", "acme", "--json").json == []
    assert run("tickets", "list", "--state", "lost").code == 2
