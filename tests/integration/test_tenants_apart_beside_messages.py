"""Tenants apart beside their messages: tickets, receivers of calls, letters, feedback, what is explained."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.errors import InvalidInput, InvalidSettings, NotFound
from messaging_pipeline.fallback.start import StepId
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.tickets.start import EntryId
from messaging_pipeline.twilio_api.sendgrid_events import LetterEvent
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.simulators import RuntimeMaker
from tests.support.commands import Finished, run_command
from tests.support.factories import RECIPIENT, SERVICE_SID, environment
from tests.support.followed import report, under_way
from tests.support.stand_in import StandIn, answering, stand_in
from tests.support.ticket_systems import SECRET, TicketServer, serving
from tests.support.ticketed import KINDS, failing_changes, replies, rows
from tests.support.two_tenants import ACME_SERVICE, ACME_SERVICE_SID, BOTH, accepted, acmes, twilio_of_both

SERVICES = {"default": SERVICE_SID, "acme": ACME_SERVICE_SID}
EMAIL = {"channel": "email", "to": "ada@example.com"}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime.now(UTC))


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with twilio_of_both() as it:
        yield it


@pytest.fixture
def tickets() -> Iterator[TicketServer]:
    """One Zendesk, in which both tenants have a desk."""
    with serving(KINDS[0].server()) as server:
        yield server


def desks(url: str, **owners: str) -> str:
    """Desks by name, each with its tenant."""
    zendesk = KINDS[0].desk(url)
    return "".join(
        zendesk.replace("[tickets.support]", f"[tickets.{name}]") + f'tenant = "{tenant}"\n'
        for name, tenant in owners.items()
    )


def with_desks(url: str) -> str:
    ours = f'[services.default]\nmessaging_service_sid = "{SERVICE_SID}"\ninbound_tickets = "ours"\n'
    theirs = ACME_SERVICE + 'inbound_tickets = "theirs"\n'
    return desks(url, ours="default", theirs="acme") + ours + theirs


def write(runtime: WorkerRuntime, tenant: str, sid: str, body: str) -> None:
    """Let the same person write to a tenant, and let a worker see to it."""
    form = {"MessageSid": sid, "From": RECIPIENT, "MessagingServiceSid": SERVICES[tenant], "Body": body}
    sealed = runtime.base.sealer.seal([list(pair) for pair in form.items()]).decode()
    runtime.receiving.store(tenant=tenant, sealed_form=sealed, received_at=runtime.base.clock.now())
    runtime.ticketing.run(EntryId(tenant, sid))


# Tickets.


def test_the_same_person_has_a_ticket_with_each_tenant(make_runtime: RuntimeMaker, tickets: TicketServer) -> None:
    runtime = make_runtime(with_desks(tickets.url), DESK=SECRET)
    write(runtime, "default", "SM1", "It does not ring.")
    write(runtime, "acme", "SM1", "Where is my parcel?")
    write(runtime, "acme", "SM2", "Here it is.")
    assert tickets.entries() == [["It does not ring."], ["Where is my parcel?", "Here it is."]]
    assert rows(runtime, "select tenant, service from messages order by created_at, id") == [
        ("default", "default"),
        ("acme", "acme-alerts"),
        ("acme", "acme-alerts"),
    ]


def test_a_desk_that_has_become_anothers_gets_nothing_of_before(
    make_runtime: RuntimeMaker, tickets: TicketServer
) -> None:
    runtime = make_runtime(with_desks(tickets.url), DESK=SECRET)
    tickets.trouble = failing_changes(429)
    write(runtime, "default", "SM1", "For your eyes only.")
    assert rows(runtime, "select state from ticket_entries") == [("waiting",)]
    tickets.trouble = failing_changes(None)
    moved = make_runtime(desks(tickets.url, ours="acme") + BOTH, DESK=SECRET)
    assert isinstance(moved.base.clock, ManualClock)
    moved.base.clock.advance(3600)
    moved.ticketing.run(EntryId("default", "SM1"))
    assert (tickets.entries(), replies(moved)) == ([], [])
    assert rows(moved, "select state, explanation like '%another tenant%' from ticket_entries") == [("waiting", True)]


def test_a_service_has_no_desk_of_anothers(make_runtime: RuntimeMaker) -> None:
    with pytest.raises(InvalidSettings, match="tenant 'acme' has no ticket desk 'ours'"):
        make_runtime(
            desks("http://127.0.0.1:9", ours="default") + ACME_SERVICE + 'inbound_tickets = "ours"\n', DESK="x"
        )


# Receivers of signed calls.


def receivers(server: StandIn, tenant: str) -> str:
    return (
        f'[receivers.pager]\nurl = "{server.url}/page"\nsecret = "env:ACME_AUTH_TOKEN"\ntenant = "{tenant}"\n'
        "private_addresses = true\n"
    )


HTTP = {"channel": "http", "to": "pager"}


def test_anothers_receiver_cannot_be_named_in_a_plan(make_runtime: RuntimeMaker) -> None:
    with stand_in(answering(204)) as server:
        runtime = make_runtime(BOTH + receivers(server, "default"))
        with pytest.raises(InvalidInput, match=r"fallback\.0\.to: is no receiver of this tenant's"):
            runtime.base.accepting.accept(acmes(fallback=[HTTP]))
        assert rows(runtime, "select count(*) from messages") == [(0,)]


def test_a_receiver_that_has_become_anothers_hears_nothing_of_before(make_runtime: RuntimeMaker) -> None:
    with stand_in(answering(204)) as server:
        runtime = make_runtime(BOTH + receivers(server, "default"))
        (attempt,) = under_way(runtime, fallback=[HTTP])
        runtime.following.apply([report(attempt.message.id, "undelivered", error_code=30006)])
        moved = make_runtime(BOTH + receivers(server, "acme"))
        ((message_id, number),) = rows(moved, "select message_id, number from fallback_steps where state = 'waiting'")
        moved.falling_back.run(StepId(message_id, number))
        assert server.requests == []
        assert rows(moved, "select state from fallback_steps") == [("failed",)]


# Letters: SendGrid's account is the operator's; an event moves the step that it names, and nothing else.


def test_an_event_about_one_tenants_letter_moves_nothing_of_anothers(make_runtime: RuntimeMaker) -> None:
    runtime = make_runtime(BOTH)
    (ours,) = under_way(runtime, fallback=[EMAIL])
    (theirs,) = under_way(runtime, tenant="acme", service="acme-alerts", fallback=[EMAIL])
    for one, tenant in ((ours, "default"), (theirs, "acme")):
        runtime.following.apply([report(one.message.id, "undelivered", error_code=30006, tenant=tenant)])
    with runtime.base.pool.connection() as connection:
        connection.execute("update fallback_steps set state = 'sent', attempts = 1")
    runtime.hearing_of_letters.apply([LetterEvent(ours.message.id, 1, "bounced", runtime.base.clock.now())])
    states = dict(rows(runtime, "select message_id, state from fallback_steps"))  # type: ignore[arg-type]
    assert states == {ours.message.id: "failed", theirs.message.id: "sent"}


# On the command line, and in Python.


@pytest.fixture
def run(make_runtime: RuntimeMaker, database_url: str, redis_url: str, tmp_path: Path) -> Callable[..., Finished]:
    make_runtime(BOTH)
    given = environment(
        DATABASE_URL=database_url, REDIS_URL=redis_url, MESSAGING_CONFIG=str(tmp_path / "messaging.toml")
    )
    return lambda *arguments: run_command(given, *arguments)


def test_nobody_gives_feedback_about_anothers_message(make_runtime: RuntimeMaker) -> None:
    runtime = make_runtime(BOTH)
    message_id = accepted(runtime)
    with pytest.raises(NotFound):
        runtime.base.feedback.give(message_id, "acme", "confirmed")
    assert rows(runtime, "select count(*) from message_events where detail like 'feedback%'") == [(0,)]


def test_what_a_person_wrote_to_another_is_not_marked_as_seen(
    run: Callable[..., Finished], make_runtime: RuntimeMaker
) -> None:
    runtime = make_runtime(BOTH)
    write(runtime, "default", "SM1", "Please stop texting me.")
    assert run("inbound", "seen", "SM1", "--tenant", "acme", "--json").json["seen"] is False
    assert [one["sid"] for one in run("inbound", "list", "--flagged", "--json").json] == ["SM1"]


def test_explain_tells_a_tenant_of_its_own_services_alone(run: Callable[..., Finished]) -> None:
    told = run("explain", RECIPIENT, "Hello", "--tenant", "acme", "--service", "default")
    assert (told.code, told.out) == (1, "")
    assert told.err.rstrip().endswith("use one of: acme-alerts")
    assert run("explain", RECIPIENT, "Hello", "--tenant", "acme", "--service", "acme-alerts").code == 0


def test_tickets_are_listed_to_their_own_tenant(
    run: Callable[..., Finished], make_runtime: RuntimeMaker, tickets: TicketServer
) -> None:
    runtime = make_runtime(with_desks(tickets.url), DESK=SECRET)
    write(runtime, "acme", "SM1", "Where is my parcel?")
    given = ("tickets", "list", "--json")
    assert run(*given).json == []
    assert [one["desk"] for one in run(*given, "--tenant", "acme").json] == ["theirs"]
