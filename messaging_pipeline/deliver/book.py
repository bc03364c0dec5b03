"""The book a lane writes: one commit closes the last attempt and opens the next, before its request leaves."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from psycopg import Connection
from psycopg.rows import TupleRow
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from messaging_pipeline.clock import Clock
from messaging_pipeline.db.pool import UNREACHABLE, Pool, in_transaction
from messaging_pipeline.deliver import attempts
from messaging_pipeline.deliver.attempts import Attempt, Closing, Opening
from messaging_pipeline.deliver.claims import ClaimedMessage
from messaging_pipeline.deliver.next_step import next_step
from messaging_pipeline.fallback.start import StepId, start_fallbacks
from messaging_pipeline.messages.state_machine import FAILURES
from messaging_pipeline.metrics import record_attempt, record_status
from messaging_pipeline.sealing import Sealer
from messaging_pipeline.twilio_api.outcome import Outcome

_log = logging.getLogger(__name__)

#: How long an answer from Twilio is held in hand while Postgres is away; after that the attempt stays in doubt.
_PATIENCE_SECONDS = 30.0


@dataclass(slots=True)
class Book:
    """Opens and closes attempts. Leaving its ``with`` block closes the one that was answered last."""

    pool: Pool
    clock: Clock
    sealer: Sealer
    lease: timedelta
    worker: str
    wake_fallbacks: Callable[[list[StepId]], None]
    _answered: Closing | None = field(default=None, init=False)

    def open(self, message: ClaimedMessage) -> Attempt | None:
        """Mark that the message's request is about to leave, and close the attempt before it.

        None means that the claim is no longer ours: do not send.
        """
        return self._turn_page(message)

    def answer(self, attempt: Attempt, outcome: Outcome, seconds: float) -> None:
        """Take down Twilio's answer; it is written with the next ``open``, or at the end."""
        self._answered = Closing(attempt, next_step(outcome, attempt.number, self.clock.now()))
        record_attempt(attempt.message.service, self._answered.step.outcome, seconds)

    def close(self) -> None:
        """Write the last answer, if there is one."""
        if self._answered is not None:
            self._turn_page(None)

    def _turn_page(self, following: ClaimedMessage | None) -> Attempt | None:
        """An answer is too dear to lose to a database that is restarting: it is held in hand and tried again."""
        patience = 0.0 if self._answered is None else _PATIENCE_SECONDS
        for trial in Retrying(
            retry=retry_if_exception_type(UNREACHABLE),
            wait=wait_random_exponential(multiplier=0.1, max=2.0),
            stop=stop_after_delay(patience),
            reraise=True,
        ):
            with trial:
                opened, steps = self._write(self._answered, following)
        self._answered = None
        self.wake_fallbacks(steps)
        return opened

    def _write(self, closing: Closing | None, following: ClaimedMessage | None) -> tuple[Attempt | None, list[StepId]]:
        now = self.clock.now()
        opening = None if following is None else Opening(following, now + self.lease, self.worker)
        if closing is not None and closing.step.status in FAILURES:
            return in_transaction(self.pool, lambda connection: self._write_failure(connection, closing, opening, now))
        with self.pool.connection() as connection:
            moved, opened = attempts.turn_page(connection, closing, opening, now)
        _count(closing, moved)
        return opened, []

    def _write_failure(
        self, connection: Connection[TupleRow], closing: Closing, opening: Opening | None, now: datetime
    ) -> tuple[Attempt | None, list[StepId]]:
        """A message that fails starts its fallback in the same commit."""
        moved, opened = attempts.turn_page(connection, closing, opening, now)
        failed = [closing.attempt.message.id] if moved else []
        steps = start_fallbacks(connection, self.sealer, failed, now)
        _count(closing, moved)
        return opened, steps

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _count(closing: Closing | None, moved: bool) -> None:
    if closing is not None and moved:
        record_status(closing.attempt.message.service, closing.step.status)
