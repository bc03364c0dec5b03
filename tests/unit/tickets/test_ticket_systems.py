"""The small contract, kept by each ticket system: create, append, and find what a customer has open."""

from collections.abc import Iterator

import pytest

from messaging_pipeline.tickets.contract import Ticket, TicketSystem
from tests.support.ticket_systems import TicketServer, serving
from tests.support.ticketed import ANN, KINDS, Kind, an_entry, somebody


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


@pytest.fixture
def server(kind: Kind) -> Iterator[TicketServer]:
    with serving(kind.server()) as server:
        yield server


@pytest.fixture
def system(kind: Kind, server: TicketServer) -> Iterator[TicketSystem]:
    system = kind.connect(server.url)
    yield system
    system.close()


def created(system: TicketSystem, **entry: object) -> Ticket:
    told = system.create(an_entry(**entry))  # type: ignore[arg-type]
    assert told.state == "taken"
    assert told.ticket is not None
    return told.ticket


def test_who_has_written_nothing_has_no_open_ticket(system: TicketSystem) -> None:
    assert system.find_open(ANN, None) is None


def test_a_ticket_is_created_with_the_subject_and_the_text(system: TicketSystem, server: TicketServer) -> None:
    ticket = created(system, text="It does not ring.\n\nSecond line 👋🏽")
    (record,) = server.tickets
    assert (record.subject, record.number) == ("Text message from Ann", ticket.number)
    assert record.entries == ["It does not ring.\n\nSecond line 👋🏽"]


def test_an_open_ticket_is_found_by_the_customer_and_by_its_id(system: TicketSystem) -> None:
    ticket = created(system)
    assert system.find_open(ANN, None) == ticket
    assert system.find_open(ANN, ticket.id) == ticket


def test_a_known_ticket_is_looked_at_before_anything_is_searched(system: TicketSystem, server: TicketServer) -> None:
    ticket = created(system)
    server.asked.clear()
    system.find_open(ANN, ticket.id)
    assert [method for method, _ in server.asked] == ["GET"]


def test_another_customers_ticket_is_not_found(system: TicketSystem) -> None:
    created(system)
    assert system.find_open(somebody("sms.default.c.4712"), None) is None
    assert system.find_open(somebody("sms.other.c.4711"), None) is None


def test_of_several_the_newest_open_one_is_found(system: TicketSystem, server: TicketServer) -> None:
    first, second, third = (created(system, token=f"SM{number}") for number in range(3))
    server.close_ticket(third.number)
    assert system.find_open(ANN, third.id) == second
    assert system.find_open(ANN, first.id) == first


def test_a_closed_or_deleted_ticket_is_not_open(system: TicketSystem, server: TicketServer) -> None:
    ticket = created(system)
    server.close_ticket(ticket.number)
    assert system.find_open(ANN, ticket.id) is None
    server.tickets.clear()
    assert system.find_open(ANN, ticket.id) is None


def test_an_entry_is_added_to_a_ticket(system: TicketSystem, server: TicketServer) -> None:
    ticket = created(system)
    told = system.append(ticket, an_entry("Now it rings."))
    assert (told.state, told.ticket) == ("taken", ticket)
    assert server.entries() == [["It does not ring.", "Now it rings."]]


def test_an_entry_to_a_ticket_that_is_gone_is_refused(system: TicketSystem, server: TicketServer) -> None:
    ticket = created(system)
    server.tickets.clear()
    assert system.append(ticket, an_entry()).state == "refused"
