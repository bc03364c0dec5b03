"""Inbound messages become tickets: continued rather than doubled, at most once, and the writer hears the number."""

import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.ids import MessageId
from messaging_pipeline.runtime import WorkerRuntime
from messaging_pipeline.tickets.ticketing import MOST_ANSWERS
from tests.support.factories import RECIPIENT
from tests.support.ticket_systems import TicketServer
from tests.support.ticketed import KINDS, OTHER_SID, arrive, hear, replies, rows, states, woken

NEW = "Thank you. Your ticket is {}. Reply HELP for help."
CONTINUED = "Thank you. We have added this to your ticket {}. Reply HELP for help."
BOB = "+14155550188"

all_three = pytest.mark.parametrize("ticket_kind", KINDS, indirect=True, ids=lambda kind: kind.name)


@all_three
def test_the_first_message_opens_a_ticket_and_its_writer_is_told_the_number(
    desk: WorkerRuntime, ticket_server: TicketServer
) -> None:
    hear(desk, "SM1", "It does not ring.")
    (ticket,) = ticket_server.tickets
    assert ticket.entries == [f"It does not ring.\n\nFrom {RECIPIENT}, MessageSid SM1"]
    assert ticket.subject == f"Text message from {RECIPIENT}"
    assert replies(desk) == [(RECIPIENT, NEW.format(ticket.number))]
    assert states(desk) == {"SM1": "answered"}


@all_three
def test_the_next_message_goes_on_in_the_open_ticket(desk: WorkerRuntime, ticket_server: TicketServer) -> None:
    hear(desk, "SM1", "It does not ring.")
    hear(desk, "SM2", "Now it rings.")
    assert ticket_server.entries() == [["It does not ring.", "Now it rings."]]
    number = ticket_server.tickets[0].number
    assert replies(desk) == [(RECIPIENT, NEW.format(number)), (RECIPIENT, CONTINUED.format(number))]
    assert rows(desk, "select ticket_number, state from tickets") == [(number, "open")]


@all_three
def test_after_the_ticket_was_closed_the_next_message_opens_another(
    desk: WorkerRuntime, ticket_server: TicketServer
) -> None:
    hear(desk, "SM1", "It does not ring.")
    ticket_server.close_ticket(ticket_server.tickets[0].number)
    hear(desk, "SM2", "It does not ring again.")
    assert ticket_server.entries() == [["It does not ring."], ["It does not ring again."]]
    assert [state for (state,) in rows(desk, "select state from tickets order by id")] == ["closed", "open"]


def test_everybody_has_a_ticket_of_their_own(desk: WorkerRuntime, ticket_server: TicketServer) -> None:
    hear(desk, "SM1", "It does not ring.")
    hear(desk, "SM2", "Hello.", BOB)
    assert ticket_server.entries() == [["It does not ring."], ["Hello."]]


def test_a_ticket_that_we_forgot_is_found_by_the_customer(desk: WorkerRuntime, ticket_server: TicketServer) -> None:
    hear(desk, "SM1", "It does not ring.")
    rows(desk, "delete from tickets returning 1")
    hear(desk, "SM2", "Now it rings.")
    assert ticket_server.entries() == [["It does not ring.", "Now it rings."]]


def test_the_files_of_a_message_are_mentioned(desk: WorkerRuntime, ticket_server: TicketServer) -> None:
    desk.ticketing.run(arrive(desk, "MM1", "", NumMedia="2"))
    assert ticket_server.entries() == [["(2 file(s) came with it.)"]]


def test_a_message_delivered_twice_or_run_twice_stands_in_the_ticket_once(
    desk: WorkerRuntime, ticket_server: TicketServer
) -> None:
    entry = arrive(desk, "SM1", "It does not ring.")
    arrive(desk, "SM1", "It does not ring.")
    for _ in range(3):
        desk.ticketing.run(entry)
    desk.sweep.run()
    assert ticket_server.entries() == [["It does not ring."]]
    assert len(replies(desk)) == 1


def test_what_is_stored_wakes_a_worker_once_and_the_sweep_wakes_it_again(desk: WorkerRuntime, redis_url: str) -> None:
    arrive(desk, "SM1", "It does not ring.")
    arrive(desk, "SM1", "It does not ring.")
    assert woken(redis_url) == ["SM1"]
    desk.sweep.run()
    assert woken(redis_url) == ["SM1", "SM1"]


def test_a_message_to_a_service_without_a_desk_starts_nothing(
    desk: WorkerRuntime, ticket_server: TicketServer, redis_url: str
) -> None:
    arrive(desk, "SM1", "Hello.", MessagingServiceSid=OTHER_SID)
    arrive(desk, "SM2", "Hello.", From="")
    assert (states(desk), woken(redis_url)) == ({}, [])


@pytest.mark.parametrize("word", ["STOP", "start", "Help!", "Unsubscribe."])
def test_a_keyword_is_no_ticket(desk: WorkerRuntime, word: str) -> None:
    arrive(desk, "SM1", word)
    assert states(desk) == {}


def test_who_may_have_asked_for_silence_has_a_ticket_and_no_answer(
    desk: WorkerRuntime, ticket_server: TicketServer
) -> None:
    hear(desk, "SM1", "Please stop texting me.")
    assert ticket_server.entries() == [["Please stop texting me."]]
    assert (states(desk), replies(desk)) == ({"SM1": "unanswered"}, [])


def test_a_machine_that_answers_our_answers_is_soon_answered_no_more(
    desk: WorkerRuntime, ticket_server: TicketServer, clock: ManualClock
) -> None:
    for number in range(MOST_ANSWERS + 2):
        hear(desk, f"SM{number}", "I am driving.")
    assert len(replies(desk)) == MOST_ANSWERS
    assert len(ticket_server.entries()[0]) == MOST_ANSWERS + 2
    clock.advance(601)
    hear(desk, "SM99", "I am back.")
    assert len(replies(desk)) == MOST_ANSWERS + 1


def test_of_one_person_the_second_message_waits_for_the_first(
    desk: WorkerRuntime, ticket_server: TicketServer, clock: ManualClock, redis_url: str
) -> None:
    first = arrive(desk, "SM1", "It does not ring.")
    clock.advance(1)
    second = arrive(desk, "SM2", "Now it rings.")
    desk.ticketing.run(second)
    assert ticket_server.asked == []
    desk.ticketing.run(first)
    assert woken(redis_url) == ["SM1", "SM2", "SM2"], "whoever has ended wakes the next"
    desk.ticketing.run(second)
    assert ticket_server.entries() == [["It does not ring.", "Now it rings."]]


def test_two_workers_at_once_open_one_ticket(desk: WorkerRuntime, ticket_server: TicketServer) -> None:
    """While the first is at work, the second finds that it is not its turn."""
    entry, other = arrive(desk, "SM1", "It does not ring."), arrive(desk, "SM2", "Now it rings.")

    def second_worker(method: str, path: str) -> None:
        ticket_server.trouble = lambda method, path: None
        claimed.append(desk.ticketing.ledger.claim(other, desk.base.clock.now()))

    claimed: list[object] = []
    ticket_server.trouble = second_worker
    desk.ticketing.run(entry)
    desk.ticketing.run(other)
    assert claimed == [None]
    assert ticket_server.entries() == [["It does not ring.", "Now it rings."]]


def test_an_answer_belongs_to_the_service_that_was_written_to(desk: WorkerRuntime) -> None:
    hear(desk, "SM1", "It does not ring.")
    ((message_id, service, key),) = rows(desk, "select id, service, idempotency_key from messages")
    assert (service, key) == ("default", "ticket:SM1")
    assert desk.base.tracing.message(MessageId(message_id))["status"] == "pending"
