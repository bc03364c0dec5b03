"""The simulator's ticket systems over HTTP: who is let in, what is refused, and what is seen of it."""

import pytest
import urllib3

from messaging_pipeline.simulator.configuration import StandIns
from messaging_pipeline.tickets.contract import TicketSystem
from messaging_pipeline.tickets.rest_wire import Login
from tests.support.simulated_twilio import SimulatedTwilio
from tests.support.ticketed import ANN, KINDS, Kind, an_entry

OURS = StandIns()


def desk_at(twilio: SimulatedTwilio, kind: Kind, secret: str = OURS.ticket_secret) -> TicketSystem:
    return kind.adapter(Login("support", twilio.url, OURS.ticket_user, secret))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_ticket_of_ours_is_seen_and_can_be_closed(twilio: SimulatedTwilio, kind: Kind) -> None:
    desk = desk_at(twilio, kind)
    ticket = desk.create(an_entry("It does not ring.")).ticket
    assert ticket is not None
    assert desk.append(ticket, an_entry("Now it rings.")).state == "taken"
    assert twilio.control.tickets() == [
        {
            "system": kind.name,
            "number": ticket.number,
            "customer": ANN.key,
            "subject": "Text message from Ann",
            "is_open": True,
            "entries": ["It does not ring.", "Now it rings."],
        }
    ]
    twilio.control.close_ticket(kind.name, ticket.number)
    assert desk.find_open(ANN, ticket.id) is None
    desk.close()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_wrong_secret_opens_no_ticket(twilio: SimulatedTwilio, kind: Kind) -> None:
    desk = desk_at(twilio, kind, "guessed")
    assert desk.create(an_entry()).state == "not_sent"
    assert twilio.control.tickets() == []
    desk.close()


@pytest.mark.parametrize(
    ("path", "user"),
    [
        ("/api/v2/tickets.json", f"{OURS.ticket_user}/token"),
        ("/rest/api/3/issue", OURS.ticket_user),
        ("/api/now/table/incident", OURS.ticket_user),
    ],
)
@pytest.mark.parametrize("body", [b"{}", b"[]", b"{"])
def test_what_is_not_as_documented_is_refused(twilio: SimulatedTwilio, path: str, user: str, body: bytes) -> None:
    headers = urllib3.util.make_headers(basic_auth=f"{user}:{OURS.ticket_secret}")
    with urllib3.PoolManager() as pool:
        assert pool.request("POST", twilio.url + path, body=body, headers=headers).status == 400
    assert twilio.control.tickets() == []


def test_a_ticket_that_is_not_there_cannot_be_closed(twilio: SimulatedTwilio) -> None:
    with pytest.raises(ValueError, match="there is no such ticket"):
        twilio.control.close_ticket("zendesk", "999")


def test_a_reset_clears_the_desks(twilio: SimulatedTwilio) -> None:
    desk = desk_at(twilio, KINDS[0])
    desk.create(an_entry())
    twilio.control.reset()
    assert twilio.control.tickets() == []
    desk.close()
