"""A lane: tokens first, then rows, then one attempt after another, until tokens or rows run out.

Nothing waits in a lane but Twilio's answer. Out of tokens, the lane sets an alarm and ends, so a slow sender
holds no worker. With more due than it can carry, it rings for another lane before it starts sending, so lanes
grow with the work, up to the service's share of the threads.

Killed here, what is in doubt? Rows that were claimed and not started go back when the lease runs out. The one
attempt that was started on this thread is `unconfirmed`: it may have been sent, and nobody sends it again.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from redis.exceptions import RedisError

from messaging_pipeline.clock import Clock
from messaging_pipeline.db.pool import UNREACHABLE
from messaging_pipeline.decide.next_step import Step
from messaging_pipeline.deliver.book import Book
from messaging_pipeline.deliver.claims import ClaimedMessage
from messaging_pipeline.deliver.gates import Bar, ask_about_the_time
from messaging_pipeline.deliver.media_sieve import MediaSieve
from messaging_pipeline.deliver.number_sieve import NumberSieve
from messaging_pipeline.deliver.outgoing import Outgoing
from messaging_pipeline.deliver.seats import Seat, Seats
from messaging_pipeline.deliver.supply import TOKEN_LIFETIME_SECONDS, Batch, Supply
from messaging_pipeline.deliver.till import allowance_now
from messaging_pipeline.ids import ServiceKey, TenantKey
from messaging_pipeline.log import about
from messaging_pipeline.media.findings import Unfit
from messaging_pipeline.media.signing import CannotSign
from messaging_pipeline.messages.state_machine import Status
from messaging_pipeline.metrics import record_gate, record_media_check, record_task_failure
from messaging_pipeline.pacing.daily_cap import CapDay
from messaging_pipeline.sealing import CannotUnseal
from messaging_pipeline.services.board import ServiceBoard
from messaging_pipeline.services.lines import Line, Lines
from messaging_pipeline.traces.spans import span
from messaging_pipeline.twilio_api.client import CreateMessage, TwilioApi
from messaging_pipeline.twilio_api.outcome import NotSent
from messaging_pipeline.waking.bell import Bell
from messaging_pipeline.waking.wake_ups import WakeUps

_log = logging.getLogger(__name__)

#: After this long a lane goes to the back of the queue if every thread is taken, so that services take turns; after
#: the longer time in any case, so that other workers are woken.
_TIME_SLICE_SECONDS = 2.0
_LONGEST_TIME_SECONDS = 20.0
#: How often a message is looked at that no key opens.
_PUT_OFF = timedelta(minutes=1)
#: Lines are given back all the time: whoever waits for one looks again before the longest lease could run out.
_LONGEST_WAIT_FOR_A_LINE_SECONDS = 0.25
#: How long a service rests when Twilio cannot be reached.
_UNREACHABLE_REST_SECONDS = 1.0

#: What becomes of an attempt when opening it took so long that the tokens, the line or the claim may be another's now.
_TOO_LATE = NotSent("unreachable", None, None, None, "it took too long to write down that the request leaves")


@dataclass(frozen=True, slots=True)
class Lane:
    """Sends due messages of one service after another task has woken it.

    ``stopping`` is set when the worker is to end: its lanes then finish the message in hand and give back the rest.
    """

    clock: Clock
    supply: Supply
    media: MediaSieve
    numbers: NumberSieve
    board: ServiceBoard
    seats: Seats
    lines: Lines
    twilio: Mapping[TenantKey, TwilioApi]
    outgoing: Outgoing
    new_book: Callable[[CapDay | None], Book]
    wake_ups: WakeUps
    bell: Bell
    stopping: threading.Event
    monotonic: Callable[[], float] = time.monotonic

    def run(self, service: ServiceKey) -> None:
        """Send what is due for a service, as far as its tokens carry, for some seconds."""
        self.wake_ups.begin(service)
        if service not in self.supply.configuration.services:
            _log.error("messages are due for service %s, which messaging.toml does not name", service)
            self.wake_ups.disown(service)
            return
        tenant = TenantKey(self.supply.configuration.services[service].tenant)
        with self.seats.one_for(service) as seat, self.lines.one_of(tenant) as line:
            if not line.held:
                self.wake_ups.wake_later(service, min(line.wait_seconds, _LONGEST_WAIT_FOR_A_LINE_SECONDS))
                return
            self._send_in_turn(service, seat, line)

    def _send_in_turn(self, service: ServiceKey, seat: Seat, line: Line) -> None:
        began = self.monotonic()
        while not seat.is_lost() and self._send_batch(service, line):
            if self._is_over(self.monotonic() - began):
                self.bell.ring(service)
                return

    def _is_over(self, seconds: float) -> bool:
        if seconds >= _LONGEST_TIME_SECONDS or self.stopping.is_set():
            return True
        return seconds >= _TIME_SLICE_SECONDS and self.seats.somebody_may_wait()

    def _send_batch(self, service: ServiceKey, line: Line) -> bool:
        """Send one batch; return whether it is worth trying for another."""
        batch = self.supply.next_batch(service)
        if batch is None:
            return False
        with self.new_book(batch.cap) as book:
            fit = self.media.sift(book, batch)
            return self._send_all(book, self.numbers.sift(book, fit, line), line)

    def _send_all(self, book: Book, batch: Batch, line: Line) -> bool:
        """Send the claimed messages one by one; return whether the service may go on."""
        for position, message in enumerate(batch.messages):
            left = batch.messages[position:]
            if self.stopping.is_set():
                self.supply.put_back(batch, left, "the worker stops")
                self.bell.ring(batch.service)
                return False
            standing = self.board.standing(batch.service)
            if not standing.sending:
                self.supply.put_back(batch, left, standing.reason or f"the service is {standing.state}")
                return False
            if not line.is_held():
                self.supply.put_back(batch, left, "waiting for a free request of the account")
                self.wake_ups.wake_later(batch.service, _LONGEST_WAIT_FOR_A_LINE_SECONDS)
                return False
            if batch.has_perished():
                renewed = self.supply.renew(batch, left)
                if renewed is None:
                    return False
                batch = replace(batch, taken_at=renewed)
            with about(message_id=message.id):
                step = self._send(book, batch, message, line)
            if step is not None and _concerns_the_others(step):
                return self._break_off(book, batch, left[1:], step)
        return True

    def _send(self, book: Book, batch: Batch, message: ClaimedMessage, line: Line) -> Step | None:
        """Send one message; return what follows, or None when it was not sent."""
        now = self.clock.now()
        request = self._made_ready(book, batch, message, now)
        if request is None:
            return None
        api = self.twilio[message.tenant]
        has_media = bool(request.media_urls)
        asked = self.monotonic()
        attempt = book.open(message, allowance_now(self.supply.configuration, message, now, has_media=has_media))
        if attempt is None:
            return None
        with span("twilio create", message.id, "client", service=message.service, attempt=attempt.number) as marked:
            began = self.monotonic()
            too_late = began - asked > TOKEN_LIFETIME_SECONDS or not line.is_held()
            outcome = _TOO_LATE if too_late else api.create(self.outgoing.calling_back(request, attempt))
            step = book.answer(attempt, outcome, self.monotonic() - began)
            marked.note(outcome=step.outcome, status=step.status, sid=step.sid, error_code=step.error_code)
        return step

    def _made_ready(self, book: Book, batch: Batch, message: ClaimedMessage, now: datetime) -> CreateMessage | None:
        """Make the request if the message may leave now. What is wrong with one must not stop all behind it."""
        try:
            return self._unless_it_waits(book, batch, message, now)
        except (*UNREACHABLE, RedisError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing has left yet
            _log.exception("the message cannot be made ready")
            record_task_failure("deliver")
            reason = f"it cannot be made ready ({type(error).__name__}); the worker's log says where"
            self.supply.put_back(batch, [message], reason, put_off=_PUT_OFF)
            return None

    def _unless_it_waits(
        self, book: Book, batch: Batch, message: ClaimedMessage, now: datetime
    ) -> CreateMessage | None:
        answer = ask_about_the_time(self.supply.configuration, message, now)
        verdict = answer.verdict
        if verdict.outcome == "refused":
            record_gate(answer.gate, verdict.outcome)
            book.refuse(message, verdict.reason)
            return None
        if verdict.outcome == "waits":
            self.supply.let_wait([message], answer, batch.cap)
            return None
        return self._request(book, batch, message, now, verdict.until)

    def _request(
        self, book: Book, batch: Batch, message: ClaimedMessage, now: datetime, leaves_by: datetime | None
    ) -> CreateMessage | None:
        """Make the request, or say in the message's row why there is none."""
        try:
            return self.outgoing.request(message, now, leaves_by)
        except Unfit as error:
            record_media_check(message.service, "unfit")
            book.bar(message, Bar(Status.FAILED, str(error)))
        except (CannotUnseal, CannotSign) as error:
            # A message that cannot be read or signed yet must not stand in the way of those behind it.
            _log.error("the message cannot be sent: %s", error)
            self.supply.put_back(batch, [message], str(error), put_off=_PUT_OFF)
        return None

    def _break_off(self, book: Book, batch: Batch, left: Sequence[ClaimedMessage], step: Step) -> bool:
        """What Twilio said concerns the next ones too: write it down, give them back, look at the board anew."""
        book.close()
        self.board.forget()
        self.supply.put_back(batch, left, step.explanation or "waiting")
        if step.holds:
            return False
        if step.slows is None:
            self.wake_ups.wake_later(batch.service, _UNREACHABLE_REST_SECONDS)
            return False
        return True


def _concerns_the_others(step: Step) -> bool:
    unreachable = step.status is Status.PENDING and step.http_status is None
    return step.holds or step.slows is not None or unreachable
