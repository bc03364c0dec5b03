"""The book a lane writes: one commit closes the last attempt and opens the next, before its request leaves."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Self

from psycopg import Connection
from psycopg.rows import TupleRow
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from messaging_pipeline.clock import Clock
from messaging_pipeline.db.pool import UNREACHABLE, Pool, in_transaction
from messaging_pipeline.deliver import attempts
from messaging_pipeline.deliver.attempts import Attempt
from messaging_pipeline.deliver.claims import ClaimedMessage
from messaging_pipeline.deliver.next_step import Step, next_step
from messaging_pipeline.fallback.start import StepId, start_fallbacks
from messaging_pipeline.messages.state_machine import FAILURES
from messaging_pipeline.metrics import record_attempt, record_status
from messaging_pipeline.sealing import Sealer
from messaging_pipeline.twilio_api.outcome import Outcome

_log = logging.getLogger(__name__)

#: How long an answer from Twilio is held in hand while Postgres is away; after that the attempt stays in doubt.
_PATIENCE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class _Answered:
    attempt: Attempt
    step: Step


@dataclass(slots=True)
class Book:
    """Opens and closes attempts. Leaving its ``with`` block closes the one that was answered last."""

    pool: Pool
    clock: Clock
    sealer: Sealer
    lease: timedelta
    worker: str
    wake_fallbacks: Callable[[list[StepId]], None]
    _answered: _Answered | None = field(default=None, init=False)

    def open(self, message: ClaimedMessage) -> Attempt | None:
        """Mark that the message's request is about to leave, and close the attempt before it.

        None means that the claim is no longer ours: do not send.
        """
        return self._write(message)

    def answer(self, attempt: Attempt, outcome: Outcome, seconds: float) -> None:
        """Take down Twilio's answer; it is written with the next ``open``, or at the end."""
        self._answered = _Answered(attempt, next_step(outcome, attempt.number, self.clock.now()))
        record_attempt(attempt.message.service, self._answered.step.outcome, seconds)

    def _write(self, following: ClaimedMessage | None) -> Attempt | None:
        answered = self._answered
        if answered is None and following is None:
            return None
        opened, moved, steps = self._patiently(answered, following)
        self._answered = None
        if answered is not None and moved:
            record_status(answered.attempt.message.service, answered.step.status)
        self.wake_fallbacks(steps)
        return opened

    def _patiently(
        self, answered: _Answered | None, following: ClaimedMessage | None
    ) -> tuple[Attempt | None, bool, list[StepId]]:
        """An answer is too dear to lose to a database that is restarting."""
        for trial in Retrying(
            retry=retry_if_exception_type(UNREACHABLE),
            wait=wait_random_exponential(multiplier=0.1, max=2.0),
            stop=stop_after_delay(_PATIENCE_SECONDS if answered else 0),
            reraise=True,
        ):
            with trial:
                written = in_transaction(self.pool, lambda connection: self._turn_page(connection, answered, following))
        return written

    def _turn_page(
        self, connection: Connection[TupleRow], answered: _Answered | None, following: ClaimedMessage | None
    ) -> tuple[Attempt | None, bool, list[StepId]]:
        now = self.clock.now()
        moved, steps = False, list[StepId]()
        if answered is not None:
            moved = attempts.finish(connection, answered.attempt, answered.step, now)
            if moved and answered.step.status in FAILURES:
                steps = start_fallbacks(connection, self.sealer, [answered.attempt.message.id], now)
        if following is None:
            return None, moved, steps
        opened = attempts.start(connection, following, now=now, lease_until=now + self.lease, worker=self.worker)
        return opened, moved, steps

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._write(None)
