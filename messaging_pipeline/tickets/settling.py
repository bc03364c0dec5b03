"""What a person decides about an entry that nobody will try again by itself: it stands in a ticket, or it does not."""

import re
from dataclasses import dataclass
from typing import Any, LiteralString

from messaging_pipeline.clock import Clock
from messaging_pipeline.db.pool import Pool
from messaging_pipeline.db.queries import sql
from messaging_pipeline.errors import InvalidInput, NotAllowed, NotFound
from messaging_pipeline.tickets.start import EntryId

_TICKET_NUMBER = re.compile(r"[A-Za-z0-9_-]{1,64}")
_IN_TICKET = "settled by the operator: it stands in the ticket"
_NOT_THERE = "settled by the operator: it stands in no ticket"


@dataclass(frozen=True, slots=True)
class SettlingTickets:
    """Settles entries in doubt, and those that were refused or given up, by a person's word."""

    pool: Pool
    clock: Clock

    def stands_in(self, entry: EntryId, ticket_number: str) -> None:
        """Write down that an entry stands in a ticket; its writer is told the number, as always.

        Raises InvalidInput for what is no ticket's number, NotFound, and NotAllowed when there is nothing to settle.
        """
        if not _TICKET_NUMBER.fullmatch(ticket_number):
            raise InvalidInput(
                "ticket", "is no ticket's number", "give at most 64 letters, digits, hyphens and underscores"
            )
        self._settle(entry, sql("settle_ticket_entry_as_taken"), explanation=_IN_TICKET, ticket_number=ticket_number)

    def not_there(self, entry: EntryId) -> None:
        """Let an entry go to the ticket system again: it stands in no ticket. Raises NotFound or NotAllowed."""
        self._settle(entry, sql("settle_ticket_entry_as_not_sent"), explanation=_NOT_THERE)

    def _settle(self, entry: EntryId, statement: LiteralString, **values: Any) -> None:
        key = {"tenant": entry.tenant, "sid": entry.sid}
        with self.pool.connection() as connection:
            if connection.execute(statement, {**key, **values, "now": self.clock.now()}).fetchone() is not None:
                return
            row = connection.execute(sql("state_of_ticket_entry"), key).fetchone()
        if row is None:
            raise NotFound("message for a ticket", entry.sid)
        raise NotAllowed(f"message {entry.sid} is {row[0]}; only an unconfirmed, refused or failed one can be resolved")
