"""Inbound messages become tickets: continued rather than doubled, at most once, and the writer hears the number."""

import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.ids import MessageId
from messaging_pipeline.tickets.ticketing import MOST_ANSWERS
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.support.factories import RECIPIENT
from tests.support.ticket_systems import TicketServer
from tests.support.ticketed import KINDS, OTHER_SID, arrive, hear, replies, rows, states, woken

NEW = "Thank you. Your ticket is {}. Reply HELP for help."
CONTINUED = "Thank you. We have added this to your ticket {}. Reply HELP for help."
BOB = "+14155550188"

all_three = pytest.mark.parametrize("ticket_kind", KINDS, indirect=True, ids=lambda kind: kind.name)


@all_three
def test_the_first_message_opens_a_ticket_and_its_writer_is_told_the_number(
    worker: WorkerRuntime, ticket_server: TicketServer
) -> None:
    hear(worker, "SM1", "It does not ring.")
    (ticket,) = ticket_server.tickets
    assert ticket.entries == [f"It does not ring.\n\nFrom {RECIPIENT}, MessageSid SM1"]
    assert ticket.subject == f"Text message from {RECIPIENT}"
    assert replies(worker) == [(RECIPIENT, NEW.format(ticket.number))]
    assert states(worker) == {"SM1": "answered"}


@all_three
def test_the_next_message_goes_on_in_the_open_ticket(worker: WorkerRuntime, ticket_server: TicketServer) -> None:
    hear(worker, "SM1", "It does not ring.")
    hear(worker, "SM2", "Now it rings.")
    assert ticket_server.entries() == [["It does not ring.", "Now it rings."]]
    number = ticket_server.tickets[0].number
    assert replies(worker) == [(RECIPIENT, NEW.format(number)), (RECIPIENT, CONTINUED.format(number))]
    assert rows(worker, "select ticket_number, state from tickets") == [(number, "open")]


@all_three
def test_after_the_ticket_was_closed_the_next_message_opens_another(
    worker: WorkerRuntime, ticket_server: TicketServer
) -> None:
    hear(worker, "SM1", "It does not ring.")
    ticket_server.close_ticket(ticket_server.tickets[0].number)
    hear(worker, "SM2", "It does not ring again.")
    assert ticket_server.entries() == [["It does not ring."], ["It does not ring again."]]
    assert [state for (state,) in rows(worker, "select state from tickets order by id")] == ["closed", "open"]


def test_everybody_has_a_ticket_of_their_own(worker: WorkerRuntime, ticket_server: TicketServer) -> None:
    hear(worker, "SM1", "It does not ring.")
    hear(worker, "SM2", "Hello.", BOB)
    assert ticket_server.entries() == [["It does not ring."], ["Hello."]]


def test_a_ticket_that_we_forgot_is_found_by_the_customer(worker: WorkerRuntime, ticket_server: TicketServer) -> None:
    hear(worker, "SM1", "It does not ring.")
    rows(worker, "delete from tickets returning 1")
    hear(worker, "SM2", "Now it rings.")
    assert ticket_server.entries() == [["It does not ring.", "Now it rings."]]


def test_the_files_of_a_message_are_mentioned(worker: WorkerRuntime, ticket_server: TicketServer) -> None:
    worker.ticketing.run(arrive(worker, "MM1", "", NumMedia="2"))
    assert ticket_server.entries() == [["(2 file(s) came with it.)"]]


def test_a_message_delivered_twice_or_run_twice_stands_in_the_ticket_once(
    worker: WorkerRuntime, ticket_server: TicketServer
) -> None:
    entry = arrive(worker, "SM1", "It does not ring.")
    arrive(worker, "SM1", "It does not ring.")
    for _ in range(3):
        worker.ticketing.run(entry)
    worker.sweep.run()
    assert ticket_server.entries() == [["It does not ring."]]
    assert len(replies(worker)) == 1


def test_what_is_stored_wakes_a_worker_once_and_the_sweep_wakes_it_again(worker: WorkerRuntime, redis_url: str) -> None:
    arrive(worker, "SM1", "It does not ring.")
    arrive(worker, "SM1", "It does not ring.")
    assert woken(redis_url) == ["SM1"]
    worker.sweep.run()
    assert woken(redis_url) == ["SM1", "SM1"]


def test_a_message_to_a_service_without_a_desk_starts_nothing(
    worker: WorkerRuntime, ticket_server: TicketServer, redis_url: str
) -> None:
    arrive(worker, "SM1", "Hello.", MessagingServiceSid=OTHER_SID)
    arrive(worker, "SM2", "Hello.", From="")
    assert (states(worker), woken(redis_url)) == ({}, [])


@pytest.mark.parametrize("word", ["STOP", "start", "Help!", "Unsubscribe."])
def test_a_keyword_is_no_ticket(worker: WorkerRuntime, word: str) -> None:
    arrive(worker, "SM1", word)
    assert states(worker) == {}


def test_who_may_have_asked_for_silence_has_a_ticket_and_no_answer(
    worker: WorkerRuntime, ticket_server: TicketServer
) -> None:
    hear(worker, "SM1", "Please stop texting me.")
    assert ticket_server.entries() == [["Please stop texting me."]]
    assert (states(worker), replies(worker)) == ({"SM1": "unanswered"}, [])


def test_a_machine_that_answers_our_answers_is_soon_answered_no_more(
    worker: WorkerRuntime, ticket_server: TicketServer, clock: ManualClock
) -> None:
    for number in range(MOST_ANSWERS + 2):
        hear(worker, f"SM{number}", "I am driving.")
    assert len(replies(worker)) == MOST_ANSWERS
    assert len(ticket_server.entries()[0]) == MOST_ANSWERS + 2
    clock.advance(601)
    hear(worker, "SM99", "I am back.")
    assert len(replies(worker)) == MOST_ANSWERS + 1


def test_of_one_person_the_second_message_waits_for_the_first(
    worker: WorkerRuntime, ticket_server: TicketServer, clock: ManualClock, redis_url: str
) -> None:
    first = arrive(worker, "SM1", "It does not ring.")
    clock.advance(1)
    second = arrive(worker, "SM2", "Now it rings.")
    worker.ticketing.run(second)
    assert ticket_server.asked == []
    worker.ticketing.run(first)
    assert woken(redis_url) == ["SM1", "SM2", "SM2"], "whoever has ended wakes the next"
    worker.ticketing.run(second)
    assert ticket_server.entries() == [["It does not ring.", "Now it rings."]]


def test_two_workers_at_once_open_one_ticket(worker: WorkerRuntime, ticket_server: TicketServer) -> None:
    """While the first is at work, the second finds that it is not its turn."""
    entry, other = arrive(worker, "SM1", "It does not ring."), arrive(worker, "SM2", "Now it rings.")

    def second_worker(method: str, path: str) -> None:
        ticket_server.trouble = lambda method, path: None
        claimed.append(worker.ticketing.ledger.claim(other, worker.base.clock.now()))

    claimed: list[object] = []
    ticket_server.trouble = second_worker
    worker.ticketing.run(entry)
    worker.ticketing.run(other)
    assert claimed == [None]
    assert ticket_server.entries() == [["It does not ring.", "Now it rings."]]


def test_an_answer_belongs_to_the_service_that_was_written_to(worker: WorkerRuntime) -> None:
    hear(worker, "SM1", "It does not ring.")
    ((message_id, service, key),) = rows(worker, "select id, service, idempotency_key from messages")
    assert (service, key) == ("default", "ticket:SM1")
    assert worker.base.tracing.message(MessageId(message_id))["status"] == "pending"
