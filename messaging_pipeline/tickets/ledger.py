"""What Postgres remembers of tickets and of what belongs into them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow, class_row

from messaging_pipeline.db.pool import Pool, in_transaction, patiently
from messaging_pipeline.db.queries import sql
from messaging_pipeline.tickets.contract import Ticket
from messaging_pipeline.tickets.start import EntryId

#: No run takes so long between two marks: its requests' timeouts add up to less.
_LEASE = timedelta(seconds=120)


@dataclass(frozen=True, slots=True)
class ClaimedEntry:
    """An entry in this worker's hands; ``attempts`` tells this claim from others."""

    tenant: str
    sid: str
    system: str
    service: str
    number: str
    attempts: int
    received_at: datetime
    payload: bytes | None

    @property
    def id(self) -> EntryId:
        """Return what the entry is known by."""
        return EntryId(self.tenant, self.sid)


@dataclass(frozen=True, slots=True)
class OwedAnswer:
    """An entry that stands in a ticket, and whose writer was not told yet."""

    tenant: str
    sid: str
    system: str
    service: str
    number: str
    ticket_number: str
    continued: bool
    silent: bool
    answered_lately: int


@dataclass(frozen=True, slots=True)
class Ending:
    """How a claim ends."""

    state: str
    explanation: str
    due_at: datetime | None = None
    ticket: Ticket | None = None
    continued: bool = False


@dataclass(frozen=True, slots=True)
class TicketLedger:
    """Every change names the state it leaves; no transaction is open while a ticket system is asked."""

    pool: Pool

    def claim(self, entry: EntryId, now: datetime) -> ClaimedEntry | None:
        """Take an entry in hand; None when it is done, not due, in other hands, or behind another of the person's."""
        values = {"tenant": entry.tenant, "sid": entry.sid, "now": now, "lease_until": now + _LEASE}
        with self.pool.connection() as connection, connection.cursor(row_factory=class_row(ClaimedEntry)) as cursor:
            try:
                return cursor.execute(sql("claim_ticket_entry"), values).fetchone()
            except psycopg.errors.UniqueViolation:  # another of the person's was claimed at the same moment
                return None

    def open_ticket(self, claimed: ClaimedEntry) -> Ticket | None:
        """Return the ticket that the person has open, as far as we know."""
        with self.pool.connection() as connection, connection.cursor(row_factory=class_row(Ticket)) as cursor:
            return cursor.execute(sql("open_ticket_of"), self._person(claimed)).fetchone()

    def close_ticket(self, claimed: ClaimedEntry, ticket: Ticket, now: datetime) -> None:
        """Write down that a ticket is not open any more."""
        with self.pool.connection() as connection:
            connection.execute(sql("close_ticket"), {**self._person(claimed), "ticket_id": ticket.id, "now": now})

    def mark_leaving(self, claimed: ClaimedEntry, now: datetime) -> bool:
        """Commit that the entry leaves now; False when the claim was taken away, and then it must not."""
        values = {**self._claim_of(claimed), "lease_until": now + _LEASE}
        with self.pool.connection() as connection:
            return connection.execute(sql("mark_ticket_entry_leaving"), values).fetchone() is not None

    def finish(self, claimed: ClaimedEntry, ending: Ending, now: datetime) -> bool:
        """Write down how it ended, and the ticket it stands in; False when that was known already."""
        values = {
            **self._claim_of(claimed),
            "state": ending.state,
            "explanation": ending.explanation,
            "due_at": ending.due_at,
            "ticket_number": ending.ticket.number if ending.ticket else None,
            "continued": ending.continued,
            "now": now,
        }

        def write(connection: Connection[TupleRow]) -> bool:
            is_news = connection.execute(sql("finish_ticket_entry"), values).fetchone() is not None
            if is_news and ending.ticket is not None:
                ticket = {"ticket_id": ending.ticket.id, "ticket_number": ending.ticket.number, "now": now}
                connection.execute(sql("remember_ticket"), {**self._person(claimed), **ticket})
            return is_news

        return patiently(lambda: in_transaction(self.pool, write))

    def next_of(self, claimed: ClaimedEntry) -> EntryId | None:
        """Return the person's next entry that waits."""
        with self.pool.connection() as connection:
            row = connection.execute(sql("next_ticket_entry_of"), self._person(claimed)).fetchone()
        return EntryId(claimed.tenant, row[0]) if row else None

    def owed_answer(self, entry: EntryId, since: datetime) -> OwedAnswer | None:
        """Return what the writer is to be told; None when there is nothing to tell, or it was told."""
        values = {"tenant": entry.tenant, "sid": entry.sid, "since": since}
        with self.pool.connection() as connection, connection.cursor(row_factory=class_row(OwedAnswer)) as cursor:
            return cursor.execute(sql("owed_ticket_answer"), values).fetchone()

    def finish_answer(self, owed: OwedAnswer, state: str, explanation: str | None) -> None:
        """Write down that the writer is told, or cannot be."""
        values = {"tenant": owed.tenant, "sid": owed.sid, "state": state, "explanation": explanation}
        with self.pool.connection() as connection:
            connection.execute(sql("finish_ticket_answer"), values)

    def _person(self, claimed: ClaimedEntry) -> dict[str, str]:
        return {"tenant": claimed.tenant, "number": claimed.number, "system": claimed.system}

    def _claim_of(self, claimed: ClaimedEntry) -> dict[str, str | int]:
        return {"tenant": claimed.tenant, "sid": claimed.sid, "attempts": claimed.attempts}
