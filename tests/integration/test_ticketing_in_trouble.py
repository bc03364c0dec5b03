"""Tickets when something fails: answers lost, systems away, workers killed between any two steps."""

import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.queues import Queue
from messaging_pipeline.tickets.start import EntryId
from messaging_pipeline.tickets.ticketing import MOST_ATTEMPTS
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.support.factories import RECIPIENT
from tests.support.lost_connections import lose_connections
from tests.support.queued import queued
from tests.support.ticket_systems import SECRET, TicketServer
from tests.support.ticketed import KINDS, arrive, failing_changes, hear, replies, rows, states, woken

NEW = "Thank you. Your ticket is {}. Reply HELP for help."
CONTINUED = "Thank you. We have added this to your ticket {}. Reply HELP for help."
BOB = "+14155550188"

all_three = pytest.mark.parametrize("ticket_kind", KINDS, indirect=True, ids=lambda kind: kind.name)


@all_three
def test_an_answer_that_was_lost_leaves_doubt_and_is_not_repeated(
    worker: WorkerRuntime, ticket_server: TicketServer, clock: ManualClock
) -> None:
    ticket_server.trouble, ticket_server.done_in_spite_of_trouble = failing_changes(500), True
    entry = arrive(worker, "SM1", "It does not ring.")
    worker.ticketing.run(entry)
    clock.advance(3600)
    worker.sweep.run()
    worker.ticketing.run(entry)
    assert states(worker) == {"SM1": "unconfirmed"}
    assert len(ticket_server.changes()) == 1
    assert replies(worker) == []


@all_three
def test_a_ticket_whose_answer_was_lost_is_found_and_continued_by_the_next_message(
    worker: WorkerRuntime, ticket_server: TicketServer
) -> None:
    ticket_server.trouble, ticket_server.done_in_spite_of_trouble = failing_changes(502), True
    hear(worker, "SM1", "It does not ring.")
    ticket_server.trouble = failing_changes(None)
    hear(worker, "SM2", "Now it rings.")
    assert ticket_server.entries() == [["It does not ring.", "Now it rings."]]
    assert replies(worker) == [(RECIPIENT, CONTINUED.format(ticket_server.tickets[0].number))]


@pytest.mark.parametrize(("status", "state"), [(None, "answered"), (429, "waiting")])
def test_an_answer_outlives_a_restart_of_postgres(
    worker: WorkerRuntime, ticket_server: TicketServer, status: int | None, state: str
) -> None:
    def restart(method: str, path: str) -> int | None:
        lose_connections(worker)
        return failing_changes(status)(method, path)

    entry = arrive(worker, "SM1", "It does not ring.")
    ticket_server.trouble = lambda method, path: restart(method, path) if method == "POST" else None
    worker.ticketing.run(entry)
    assert states(worker) == {"SM1": state}


@pytest.mark.parametrize("status", [429, 401, 409])
def test_what_was_certainly_not_taken_is_tried_again_later(
    worker: WorkerRuntime, ticket_server: TicketServer, clock: ManualClock, status: int
) -> None:
    ticket_server.trouble = failing_changes(status)
    entry = arrive(worker, "SM1", "It does not ring.")
    worker.ticketing.run(entry)
    assert states(worker) == {"SM1": "waiting"}
    ticket_server.trouble = failing_changes(None)
    clock.advance(2)
    worker.ticketing.run(entry)
    assert ticket_server.entries() == [["It does not ring."]]
    assert len(replies(worker)) == 1


def test_a_look_up_that_fails_sends_nothing_and_is_tried_again(
    worker: WorkerRuntime, ticket_server: TicketServer, clock: ManualClock
) -> None:
    ticket_server.trouble = lambda method, path: 500
    entry = arrive(worker, "SM1", "It does not ring.")
    worker.ticketing.run(entry)
    assert (states(worker), ticket_server.changes()) == ({"SM1": "waiting"}, [])
    ticket_server.trouble = lambda method, path: None
    clock.advance(2)
    worker.ticketing.run(entry)
    assert states(worker) == {"SM1": "answered"}


def test_a_system_that_is_away_for_a_day_is_given_up(
    worker: WorkerRuntime, ticket_server: TicketServer, clock: ManualClock
) -> None:
    ticket_server.trouble = lambda method, path: 503
    entry = arrive(worker, "SM1", "It does not ring.")
    rows(worker, f"update ticket_entries set attempts = {MOST_ATTEMPTS - 1} returning 1")
    worker.ticketing.run(entry)
    assert states(worker) == {"SM1": "failed"}
    assert replies(worker) == []


def test_a_refusal_ends_it_and_the_next_message_is_not_held_up(
    worker: WorkerRuntime, ticket_server: TicketServer
) -> None:
    ticket_server.trouble = failing_changes(422)
    hear(worker, "SM1", "It does not ring.")
    ticket_server.trouble = failing_changes(None)
    hear(worker, "SM2", "Hello?")
    assert states(worker) == {"SM1": "refused", "SM2": "answered"}
    assert ticket_server.entries() == [["Hello?"]]


def test_a_ticket_that_takes_nothing_more_is_followed_by_a_new_one(
    worker: WorkerRuntime, ticket_server: TicketServer, clock: ManualClock
) -> None:
    hear(worker, "SM1", "It does not ring.")
    ticket_server.trouble = lambda method, path: 422 if method == "PUT" else None
    hear(worker, "SM2", "Now it rings.")
    assert ticket_server.entries() == [["It does not ring."], ["Now it rings."]]
    assert replies(worker)[-1] == (RECIPIENT, NEW.format(ticket_server.tickets[1].number))
    assert [state for (state,) in rows(worker, "select state from tickets order by id")] == ["closed", "open"]


def test_a_worker_that_dies_before_anything_left_costs_nothing(
    worker: WorkerRuntime, ticket_server: TicketServer, clock: ManualClock
) -> None:
    entry = arrive(worker, "SM1", "It does not ring.")
    assert worker.ticketing.ledger.claim(entry, clock.now()) is not None
    clock.advance(121)
    worker.sweep.run()
    assert states(worker) == {"SM1": "waiting"}
    worker.ticketing.run(entry)
    assert ticket_server.entries() == [["It does not ring."]]


def test_a_worker_that_dies_while_the_entry_leaves_leaves_doubt(
    worker: WorkerRuntime, ticket_server: TicketServer, clock: ManualClock
) -> None:
    entry = arrive(worker, "SM1", "It does not ring.")
    claimed = worker.ticketing.ledger.claim(entry, clock.now())
    assert claimed is not None
    assert worker.ticketing.ledger.mark_leaving(claimed, clock.now())
    clock.advance(121)
    worker.sweep.run()
    worker.ticketing.run(entry)
    assert states(worker) == {"SM1": "unconfirmed"}
    assert ticket_server.asked == []


def test_a_worker_whose_claim_was_taken_away_does_not_send(
    worker: WorkerRuntime, ticket_server: TicketServer, clock: ManualClock
) -> None:
    def too_slow(method: str, path: str) -> None:
        clock.advance(121)
        worker.sweep.run()
        ticket_server.trouble = lambda method, path: None

    ticket_server.trouble = too_slow
    worker.ticketing.run(arrive(worker, "SM1", "It does not ring."))
    assert (states(worker), ticket_server.changes()) == ({"SM1": "waiting"}, [])


def test_an_answer_after_the_lease_settles_the_doubt(
    worker: WorkerRuntime, ticket_server: TicketServer, clock: ManualClock
) -> None:
    def slow_answer(method: str, path: str) -> None:
        if method == "POST":
            clock.advance(121)
            worker.sweep.run()

    ticket_server.trouble = slow_answer
    worker.ticketing.run(arrive(worker, "SM1", "It does not ring."))
    assert states(worker) == {"SM1": "answered"}
    assert len(replies(worker)) == 1


def test_a_worker_that_dies_before_it_answered_is_followed_by_one_that_answers_once(
    worker: WorkerRuntime, ticket_server: TicketServer, clock: ManualClock, redis_url: str
) -> None:
    hear(worker, "SM1", "It does not ring.")
    rows(worker, "update ticket_entries set state = 'taken' returning 1")
    worker.sweep.run()
    assert woken(redis_url) == ["SM1", "SM1"]
    worker.ticketing.run(EntryId("default", "SM1"))
    assert states(worker) == {"SM1": "answered"}
    assert len(replies(worker)) == 1
    assert ticket_server.entries() == [["It does not ring."]]


def test_who_cannot_be_answered_has_a_ticket_all_the_same(worker: WorkerRuntime, ticket_server: TicketServer) -> None:
    hear(worker, "SM1", "It does not ring.", "24273")
    assert ticket_server.entries() == [["It does not ring."]]
    assert (states(worker), replies(worker)) == ({"SM1": "unanswered"}, [])


def test_neither_number_nor_text_stands_in_the_broker_or_in_an_explanation(
    worker: WorkerRuntime, ticket_server: TicketServer, redis_url: str
) -> None:
    ticket_server.trouble = failing_changes(422)
    hear(worker, "SM1", "It does not ring.")
    texts = [task.text for task in queued(redis_url, Queue.INBOUND)]
    texts += [text for (text,) in rows(worker, "select explanation from ticket_entries")]
    assert len(texts) == 2
    assert not any(hidden in text for text in texts for hidden in (RECIPIENT, "It does not ring.", SECRET))
