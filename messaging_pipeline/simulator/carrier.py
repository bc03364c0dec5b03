"""The life of a message after it was accepted: sender queue, hand-over, receipt."""

from collections.abc import Callable

from messaging_pipeline.simulator.callbacks import StatusCallbacks
from messaging_pipeline.simulator.chance import Chance
from messaging_pipeline.simulator.configuration import CarrierTimings, Seconds
from messaging_pipeline.simulator.magic_numbers import Life, failed
from messaging_pipeline.simulator.message import Message
from messaging_pipeline.simulator.senders import Sender
from messaging_pipeline.simulator.simulated_time import SimulatedTime, unix_now

QUEUE_OVERFLOW = 30001
VALIDITY_EXPIRED = 30036
OPTED_OUT = 21610

_SENDER_NOT_CHOSEN = frozenset({"accepted", "scheduled"})


class Carrier:
    """Takes messages through their lives, one timer at a time."""

    def __init__(
        self,
        timings: CarrierTimings,
        chance: Chance,
        time: SimulatedTime,
        callbacks: StatusCallbacks,
        is_blocked: Callable[[Message, Sender], bool],
    ) -> None:
        self._timings = timings
        self._chance = chance
        self._time = time
        self._callbacks = callbacks
        self._is_blocked = is_blocked

    def take(self, message: Message, sender: Sender, life: Life) -> None:
        """Begin the life of a message that was just accepted, queued or scheduled."""
        if message.send_at is not None:
            self._time.call_after(max(0.0, message.send_at - unix_now()), self._release, message, sender, life)
        elif message.status == "queued":
            self._advance(message, sender, _after_queued(life), 0)
        else:
            self._advance(message, sender, life, 0)

    def cancel(self, message: Message) -> None:
        """End a scheduled message before its time."""
        self._move(message, "canceled", None, is_last=True)

    def _release(self, message: Message, sender: Sender, life: Life) -> None:
        if message.status == "scheduled":
            self._step(message, sender, life, 0)

    def _advance(self, message: Message, sender: Sender, life: Life, index: int) -> None:
        """Wait for what comes before the next status of this life, then take it."""
        if index == len(life.statuses):
            return
        status = life.statuses[index]
        if status == "sending":
            self._join_queue(message, sender, life, index)
        else:
            delay = self._chance.between(self._span(message, status, life), "delay", message.key, status)
            self._time.call_after(delay, self._step, message, sender, life, index)

    def _join_queue(self, message: Message, sender: Sender, life: Life, index: int) -> None:
        now = self._time.elapsed()
        wait = sender.wait(now)
        if sender.is_full(now):
            self._step(message, sender, failed(QUEUE_OVERFLOW), 0)
        elif wait > message.validity_seconds:
            self._time.call_after(message.validity_seconds, self._step, message, sender, failed(VALIDITY_EXPIRED), 0)
        else:
            sender.enqueue(message.segments, now)
            self._time.call_after(wait, self._step, message, sender, life, index)

    def _step(self, message: Message, sender: Sender, life: Life, index: int) -> None:
        if message.status in _SENDER_NOT_CHOSEN and self._is_blocked(message, sender):
            life = failed(OPTED_OUT)
        status = life.statuses[index]
        if status != "failed":
            message.sender = sender.address
        error_code = life.error_code if status in {"failed", "undelivered"} else None
        self._move(message, status, error_code, is_last=index + 1 == len(life.statuses))
        self._advance(message, sender, life, index + 1)

    def _move(self, message: Message, status: str, error_code: int | None, *, is_last: bool) -> None:
        message.move_to(status, unix_now(), error_code)
        if status != "sending":  # Twilio does not post this one
            self._callbacks.announce(message, is_last=is_last)

    def _span(self, message: Message, status: str, life: Life) -> Seconds:
        """Return how long it takes to reach a status."""
        timings = self._timings
        if status in {"queued", "failed"}:
            return timings.choose_sender_seconds
        if status == "sent":
            return timings.handover_seconds
        if status == "read":
            return timings.read_seconds
        if message.status == "undelivered":
            return timings.late_receipt_seconds
        return timings.slow_receipt_seconds if life.slow_receipt else timings.receipt_seconds


def _after_queued(life: Life) -> Life:
    """A message with a From is queued from the start."""
    statuses = life.statuses[1:] if life.statuses[0] == "queued" else life.statuses
    return Life(statuses, life.error_code, life.slow_receipt)
