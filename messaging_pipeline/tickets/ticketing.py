"""Puts an inbound message into its writer's open ticket, or a new one, at most once, and tells them its number."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from messaging_pipeline.backoff import backoff_seconds
from messaging_pipeline.clock import Clock
from messaging_pipeline.errors import IdempotencyConflict, InvalidInput
from messaging_pipeline.metrics import record_ticket_entry
from messaging_pipeline.policies.compliance import INTENT_TAG, REPLY_INTENT
from messaging_pipeline.policies.tickets import TICKET
from messaging_pipeline.sealing import CannotUnseal, Sealer
from messaging_pipeline.tickets.contract import Entry, NotAnswered, Ticket, Told
from messaging_pipeline.tickets.customers import CustomersFailed
from messaging_pipeline.tickets.desks import Desk, Desks
from messaging_pipeline.tickets.ledger import ClaimedEntry, Ending, OwedAnswer, TicketLedger
from messaging_pipeline.tickets.start import EntryId
from messaging_pipeline.tickets.words import entry_of

#: A ticket system that is away is asked this often, which takes about a day, before the message is left to people.
MOST_ATTEMPTS = 580

#: A machine that answers our answers would go on for ever: this many answers to a number in so long are enough.
MOST_ANSWERS = 5
_ANSWERS_WITHIN = timedelta(minutes=10)

_NO_DESK = "its ticket desk is not in messaging.toml any more, or another tenant's now"
_NO_TEXT = "its text is not kept any more"
_SILENCE = "the writer may have asked for silence"
_LOOP = "the number was answered too often just now; it may be a machine's"


@dataclass(frozen=True, slots=True)
class Ticketing:
    """The desk where inbound messages become tickets. ``accept`` hands an answer to the pipeline, like any message."""

    ledger: TicketLedger
    clock: Clock
    sealer: Sealer
    desks: Desks
    accept: Callable[[Mapping[str, Any]], object]
    wake: Callable[[Collection[EntryId]], None]

    def run(self, entry: EntryId) -> None:
        """Do what is left to do for an inbound message; nothing when it is done or in other hands."""
        claimed = self.ledger.claim(entry, self.clock.now())
        if claimed is not None:
            self._work(claimed)
        owed = self.ledger.owed_answer(entry, self.clock.now() - _ANSWERS_WITHIN)
        if owed is not None:
            self._answer(owed)

    def _work(self, claimed: ClaimedEntry) -> None:
        desk = self.desks.of(claimed.system, claimed.tenant)
        try:
            ending = _ended(Told("not_sent", _NO_DESK)) if desk is None else self._put(claimed, desk)
        except (CannotUnseal, CustomersFailed, NotAnswered) as error:
            ending = _ended(Told("not_sent", str(error)))
        if ending is not None:
            self._finish(claimed, ending)

    def _put(self, claimed: ClaimedEntry, desk: Desk) -> Ending | None:
        """Find the ticket, commit that the entry leaves, and send it; None when the claim was taken away meanwhile."""
        if claimed.payload is None:
            return _ended(Told("refused", _NO_TEXT))
        customer = desk.customer_of(claimed.tenant, claimed.number)
        entry = entry_of(self.sealer.unseal(claimed.payload), customer, claimed.number, claimed.id)
        ticket = self._open_ticket(claimed, desk, entry)
        if not self.ledger.mark_leaving(claimed, self.clock.now()):
            return None
        if ticket is not None:
            told = desk.system.append(ticket, entry)
            if told.state != "refused":
                return _ended(told, continued=True)
            self.ledger.close_ticket(claimed, ticket, self.clock.now())  # as good as closed: it takes nothing more
        return _ended(desk.system.create(entry))

    def _open_ticket(self, claimed: ClaimedEntry, desk: Desk, entry: Entry) -> Ticket | None:
        known = self.ledger.open_ticket(claimed)
        ticket = desk.system.find_open(entry.customer, known.id if known else None)
        if known is not None and (ticket is None or ticket.id != known.id):
            self.ledger.close_ticket(claimed, known, self.clock.now())
        return ticket

    def _finish(self, claimed: ClaimedEntry, ending: Ending) -> None:
        now = self.clock.now()
        if ending.state == "waiting":
            ending = _later(claimed, ending, now)
        if self.ledger.finish(claimed, ending, now):
            record_ticket_entry(claimed.system, ending.state)
        following = None if ending.state == "waiting" else self.ledger.next_of(claimed)
        if following is not None:
            self.wake([following])

    def _answer(self, owed: OwedAnswer) -> None:
        """Tell the writer. The key makes it one message, however often a worker dies between the two commits."""
        desk = self.desks.of(owed.system, owed.tenant)
        objection = _objection(owed, desk)
        if desk is None or objection is not None:
            self.ledger.finish_answer(owed, "unanswered", objection)
            return
        reply = desk.policy.reply_continued if owed.continued else desk.policy.reply
        state, explanation = self._hand_over(owed, reply.replace(TICKET, owed.ticket_number))
        self.ledger.finish_answer(owed, state, explanation)

    def _hand_over(self, owed: OwedAnswer, body: str) -> tuple[str, str | None]:
        try:
            self.accept(
                {
                    "to": owed.number,
                    "body": body,
                    "service": owed.service,
                    "tenant": owed.tenant,
                    "idempotency_key": f"ticket:{owed.sid}",
                    "tags": {INTENT_TAG: REPLY_INTENT},
                }
            )
        except IdempotencyConflict:  # it was handed over before, in the words of then
            return "answered", None
        except InvalidInput as error:
            return "unanswered", str(error)
        return "answered", None


def _objection(owed: OwedAnswer, desk: Desk | None) -> str | None:
    """Return why the writer is not answered, if that is so."""
    if desk is None:
        return _NO_DESK
    if owed.silent:
        return _SILENCE
    return _LOOP if owed.answered_lately >= MOST_ANSWERS else None


def _ended(told: Told, *, continued: bool = False) -> Ending:
    state = "waiting" if told.state == "not_sent" else told.state
    return Ending(state, told.explanation, ticket=told.ticket, continued=continued)


def _later(claimed: ClaimedEntry, ending: Ending, now: datetime) -> Ending:
    """Come back to what was certainly not sent, unless it was tried often enough."""
    if claimed.attempts >= MOST_ATTEMPTS:
        return Ending("failed", ending.explanation)
    wait = timedelta(seconds=backoff_seconds(claimed.attempts))
    return Ending("waiting", ending.explanation, due_at=now + wait)
