"""The book a lane writes: one commit closes the last attempt and opens the next, before its request leaves."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from types import TracebackType
from typing import Self

from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline import meters
from messaging_pipeline.clock import Clock
from messaging_pipeline.configuration import Configuration
from messaging_pipeline.consent.terms import terms_of
from messaging_pipeline.consequences import Consequences, Decided, has_consequences, write_consequences
from messaging_pipeline.db.pool import Pool, in_transaction, patiently
from messaging_pipeline.decide.next_step import Step, next_step
from messaging_pipeline.decide.policy import Policy
from messaging_pipeline.decide.waits import ASK_ABOUT_DOUBT
from messaging_pipeline.deliver import attempts
from messaging_pipeline.deliver.attempts import Attempt, Closing, Opening, Page
from messaging_pipeline.deliver.claims import ClaimedMessage, release, use_cap
from messaging_pipeline.deliver.gates import BARS, Bar
from messaging_pipeline.deliver.till import ring_up
from messaging_pipeline.fallback.start import StepId, start_fallbacks
from messaging_pipeline.gates.verdict import Answer
from messaging_pipeline.ids import MessageId
from messaging_pipeline.log import about
from messaging_pipeline.messages.state_machine import FALLBACK_CAUSES, Status
from messaging_pipeline.metrics import record_attempt, record_cost, record_gate, record_status, record_taken
from messaging_pipeline.mms_links import promise_mms_links
from messaging_pipeline.number_lines import remember_landlines
from messaging_pipeline.outcomes import count_refusal
from messaging_pipeline.pacing.daily_cap import CapDay
from messaging_pipeline.sealing import Sealer
from messaging_pipeline.spending.allowance import Allowance
from messaging_pipeline.twilio_api.outcome import Outcome

_MAY_COST = frozenset({"accepted", "unconfirmed"})


@dataclass(frozen=True, slots=True)
class _Written:
    """What a commit has done, to be announced after it."""

    page: Page
    steps: list[StepId] = field(default_factory=list)
    consequences: Consequences = field(default_factory=Consequences)


@dataclass(slots=True)
class Book:
    """Opens and closes attempts. Leaving its ``with`` block closes the one that was answered last.

    ``cap`` is the daily cap that the claimed segments were counted towards.
    """

    pool: Pool
    clock: Clock
    sealer: Sealer
    configuration: Configuration
    lease: timedelta
    worker: str
    wake_fallbacks: Callable[[list[StepId]], None]
    cap: CapDay | None = None
    _answered: Closing | None = field(default=None, init=False)

    def open(self, message: ClaimedMessage, allowance: Allowance | None = None) -> Attempt | None:
        """Mark that the message's request is about to leave, and close the attempt before it.

        None means: do not send. The claim is no longer ours, a gate has ended the message, or a limit has no room.
        """
        terms = terms_of(self.configuration, message.tenant, message.service, message.tags)
        page = self._turn_page(Opening(message, self.clock.now() + self.lease, self.worker, allowance, terms))
        if page.barred is not None:
            self.bar(message, BARS[page.barred])
        if page.full is not None:
            self._keep_out(message, page.full)
        if page.lost and self.cap is not None:
            in_transaction(self.pool, lambda connection: self._uncount(connection, message))
        return page.opened

    def _uncount(self, connection: Connection[TupleRow], message: ClaimedMessage) -> None:
        """Each claim was counted towards the day's cap; one that ends without a request is taken back, lost or not."""
        if self.cap is not None:
            use_cap(connection, self.cap, -message.segments)

    def _keep_out(self, message: ClaimedMessage, answer: Answer) -> None:
        """A limit has no room: the message comes again when there will be some, or ends."""
        verdict = answer.verdict
        record_gate(answer.gate, verdict.outcome)
        if verdict.until is None:
            self.refuse(message, verdict.reason)
            return
        now = self.clock.now()
        until, gate = verdict.until, answer.gate
        release(self.pool, [message], reason=verdict.reason, now=now, due_at=until, gate=gate, cap=self.cap)

    def refuse(self, message: ClaimedMessage, reason: str) -> None:
        """End a claimed message that may never leave as things are."""
        self.bar(message, Bar(Status.REJECTED, reason))

    def answer(self, attempt: Attempt, outcome: Outcome, seconds: float) -> Step:
        """Take down Twilio's answer and say what follows; it is written with the next ``open``, or at the end."""
        now = self.clock.now()
        policy = Policy.of(self.configuration.services.get(attempt.message.service))
        step = next_step(outcome, attempt.history(), policy, now)
        self._answered = Closing(attempt, step, self._check_at(step, now))
        _count(attempt.message, step, seconds, now)
        if attempt.cost is not None and step.outcome in _MAY_COST:
            record_cost(attempt.message.service, float(attempt.cost))
        return step

    def close(self) -> None:
        """Write the last answer, if there is one."""
        if self._answered is not None:
            self._turn_page(None)

    def _check_at(self, step: Step, now: datetime) -> datetime | None:
        if step.outcome == "accepted":
            return now + timedelta(seconds=self.configuration.reconcile.ask_after_seconds[0])
        return now + ASK_ABOUT_DOUBT if step.outcome == "unconfirmed" else None

    def _turn_page(self, opening: Opening | None) -> Page:
        trials = count()
        written = patiently(lambda: self._write_again(self._answered, opening, is_again=next(trials) > 0))
        closing, self._answered = self._answered, None
        if closing is not None and written.page.moved:
            record_status(closing.attempt.message.service, closing.step.status)
        with about(message_id=None if closing is None else closing.attempt.message.id):
            written.consequences.announce()
        self.wake_fallbacks(written.steps)
        return written.page

    def _write_again(self, closing: Closing | None, opening: Opening | None, *, is_again: bool) -> _Written:
        """Write, and find what an earlier trial has opened: its commit may be what was not heard of."""
        opening = self._renewed(opening)
        written = self._write(closing, opening)
        page = written.page
        if opening is None or not is_again or page.opened or page.barred or page.full or page.lost:
            return written
        with self.pool.connection() as connection:
            return replace(written, page=replace(page, opened=attempts.find_opened(connection, opening)))

    def _renewed(self, opening: Opening | None) -> Opening | None:
        """While an answer was held in hand the lease went on."""
        return None if opening is None else replace(opening, lease_until=self.clock.now() + self.lease)

    def _write(self, closing: Closing | None, opening: Opening | None) -> _Written:
        now = self.clock.now()
        counts = opening is not None and opening.is_counted
        if counts or (closing is not None and self._reaches_further(closing)):
            return in_transaction(self.pool, lambda connection: self._write_all(connection, closing, opening, now))
        with self.pool.connection() as connection:
            return _Written(attempts.turn_page(connection, closing, opening, now))

    def _reaches_further(self, closing: Closing) -> bool:
        step = closing.step
        gives_back = closing.sent_nothing and self.cap is not None
        return step.status in FALLBACK_CAUSES or gives_back or closing.sent_nothing_counted or has_consequences(step)

    def _write_all(
        self, connection: Connection[TupleRow], closing: Closing | None, opening: Opening | None, now: datetime
    ) -> _Written:
        """What a message's end starts, and what it means for others, is in the same commit; so is what is counted."""
        page = attempts.turn_page(connection, closing, opening, now)
        if closing is not None and closing.sent_nothing_counted:  # also when another attempt has replaced it
            meters.give_back(connection, closing.attempt.message.id)
        if page.opened is not None and opening is not None and opening.is_counted:
            full = ring_up(connection, page.opened, opening)
            page = page if full is None else replace(page, opened=None, full=full)
        if closing is None or not page.moved:
            return _Written(page)
        message, step = closing.attempt.message, closing.step
        steps = start_fallbacks(connection, self.sealer, [message.id] if step.status in FALLBACK_CAUSES else [], now)
        decided = Decided(message.id, message.tenant, message.service, message.to_number, step, "create", step.sid)
        consequences = write_consequences(connection, [decided], now)
        promise_mms_links(connection, self.sealer, self.configuration, [decided], now)
        remember_landlines(connection, self.configuration, [decided], now)
        if closing.sent_nothing:
            self._uncount(connection, message)
        return _Written(page, steps, consequences)

    def bar(self, message: ClaimedMessage, bar: Bar) -> None:
        """End a message that a gate will not let go; it may fall back, unless the person asked for silence."""
        ours, steps = in_transaction(self.pool, lambda connection: self._write_bar(connection, message, bar))
        if ours:
            record_status(message.service, bar.status)
        self.wake_fallbacks(steps)

    def _write_bar(
        self, connection: Connection[TupleRow], message: ClaimedMessage, bar: Bar
    ) -> tuple[bool, list[StepId]]:
        now = self.clock.now()
        ours = attempts.bar(connection, message, bar.status, bar.reason, now)
        self._uncount(connection, message)
        if not ours:
            return False, []
        failed: list[MessageId] = [message.id] if bar.status in FALLBACK_CAUSES else []
        return True, start_fallbacks(connection, self.sealer, failed, now)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _count(message: ClaimedMessage, step: Step, seconds: float, now: datetime) -> None:
    record_attempt(message.service, step.outcome, seconds)
    if step.outcome == "accepted":
        record_taken(
            message.service,
            seconds_since_accept=(now - message.created_at).total_seconds(),
            seconds_since_due=(now - message.due_at).total_seconds(),
        )
    if step.outcome == "refused":
        count_refusal(message.service, message.to_number, step.error_code)
