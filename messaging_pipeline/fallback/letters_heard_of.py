"""What is heard of letters after SendGrid took them: an e-mail that bounced has failed, and the next step starts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline.clock import Clock
from messaging_pipeline.db.pool import Pool, in_transaction
from messaging_pipeline.db.queries import sql
from messaging_pipeline.fallback.start import StepId, start_fallbacks
from messaging_pipeline.ids import MessageId
from messaging_pipeline.metrics import record_fallback_step
from messaging_pipeline.sealing import Sealer
from messaging_pipeline.twilio_api.sendgrid_events import LetterEvent


@dataclass(frozen=True, slots=True)
class HearingOfLetters:
    """Applies events. The worst that is heard of a letter stands, whatever order and number of copies it comes in."""

    pool: Pool
    clock: Clock
    sealer: Sealer
    wake_fallbacks: Callable[[list[StepId]], None]

    def apply(self, events: Sequence[LetterEvent]) -> None:
        """Apply a batch in one transaction. Applying it again changes nothing."""
        moved, following = in_transaction(self.pool, lambda connection: self._write(connection, events))
        for state in moved:
            record_fallback_step("email", state)
        self.wake_fallbacks(following)

    def _write(self, connection: Connection[TupleRow], events: Sequence[LetterEvent]) -> tuple[list[str], list[StepId]]:
        now: datetime = self.clock.now()
        connection.execute(sql("plans_of"), {"message_ids": [one.message_id for one in events]})
        rows = connection.execute(
            sql("hear_of_letters"),
            {
                "message_ids": [one.message_id for one in events],
                "numbers": [one.number for one in events],
                "words": [one.word for one in events],
                "ats": [one.at for one in events],
                "now": now,
            },
        ).fetchall()
        failed = [MessageId(message_id) for message_id, state in rows if state == "failed"]
        return [state for _, state in rows], start_fallbacks(connection, self.sealer, failed, now)
