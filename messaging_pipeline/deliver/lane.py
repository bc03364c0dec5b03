"""A lane: tokens first, then rows, then one attempt after another, until tokens or rows run out.

Nothing waits in a lane but Twilio's answer. Out of tokens, the lane sets an alarm and ends, so a slow sender
holds no worker. With more due than it can carry, it rings for another lane before it starts sending, so lanes
grow with the work.

Killed here, what is in doubt? Rows that were claimed and not started go back when the lease runs out. The one
attempt that was started on this thread is `unconfirmed`: it may have been sent, and nobody sends it again.
"""

import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from messaging_pipeline.clock import Clock
from messaging_pipeline.configuration import Service
from messaging_pipeline.db.pool import Pool
from messaging_pipeline.deliver.book import Book
from messaging_pipeline.deliver.claims import ClaimedMessage, claim_due, release, weight_of_next_due
from messaging_pipeline.deliver.outgoing import Outgoing
from messaging_pipeline.ids import ServiceKey, TenantKey
from messaging_pipeline.pacing.token_bucket import Grant, TokenBucket
from messaging_pipeline.sealing import CannotUnseal
from messaging_pipeline.twilio_api.client import TwilioApi
from messaging_pipeline.waking.bell import Bell
from messaging_pipeline.waking.wake_ups import WakeUps

_log = logging.getLogger(__name__)

#: A batch is a quarter second's worth of the rate, and no more than a thread sends in about two seconds.
_BATCH_SECONDS = 0.25
_LARGEST_BATCH_SEGMENTS = 20
#: A lane that finds fewer than this much of a second's tokens rests until they are there.
_WORTH_WAKING_SECONDS = 0.1
#: Tokens perish: a lane held up by a slow answer must not send what it was granted long ago on top of the rate.
_TOKEN_LIFETIME_SECONDS = 2.0
#: After this long a lane goes to the back of the queue, so that services take turns.
_TIME_SLICE_SECONDS = 2.0
#: How often a message is looked at that no key opens.
_PUT_OFF = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Batch:
    """Claimed messages, and when (monotonic seconds) the tokens for them were taken."""

    messages: Sequence[ClaimedMessage]
    taken_at: float


@dataclass(frozen=True, slots=True)
class Lane:
    """Sends due messages of one service after another task has woken it."""

    pool: Pool
    clock: Clock
    services: Mapping[str, Service]
    buckets: Mapping[str, TokenBucket]
    twilio: Mapping[TenantKey, TwilioApi]
    outgoing: Outgoing
    new_book: Callable[[], Book]
    wake_ups: WakeUps
    bell: Bell
    lease: timedelta

    def run(self, service: ServiceKey) -> None:
        """Send what is due for a service, as far as its tokens carry, for about two seconds."""
        self.wake_ups.begin(service)
        if service not in self.services:
            _log.error("messages are due for service %s, which messaging.toml does not name", service)
            return
        ends = time.monotonic() + _TIME_SLICE_SECONDS
        while self._send_batch(service):
            if time.monotonic() >= ends:
                self.bell.ring(service)
                return

    def _send_batch(self, service: ServiceKey) -> bool:
        """Send one batch; return whether it is worth trying for another."""
        batch = self._claim_batch(service)
        return batch is not None and self._send_all(service, batch)

    def _claim_batch(self, service: ServiceKey) -> _Batch | None:
        config = self.services[service]
        rate = config.segments_per_second
        want = min(math.ceil(rate * _BATCH_SECONDS), _LARGEST_BATCH_SEGMENTS, config.burst)
        at_least = min(want, math.ceil(rate * _WORTH_WAKING_SECONDS))
        grant = self._take(service, want, at_least)
        if grant is None:
            return None
        claimed = self._claim(service, grant)
        if claimed and sum(message.segments for message in claimed) == grant.granted:
            self._call_another(service, grant.granted == want, at_least / rate)
        return _Batch(claimed, time.monotonic()) if claimed else self._claim_heavy(service, grant.granted)

    def _claim_heavy(self, service: ServiceKey, carried: int) -> _Batch | None:
        """Claim a next message that weighs more than a batch carries, once the bucket holds enough for it."""
        weight = weight_of_next_due(self.pool, service, self.clock.now())
        if weight is None or weight <= carried:
            return None
        grant = self._take(service, weight, weight)
        claimed = self._claim(service, grant) if grant else []
        return _Batch(claimed, time.monotonic()) if claimed else None

    def _call_another(self, service: ServiceKey, tokens_are_left: bool, worth_waking_seconds: float) -> None:
        """There may be more than this lane carries: wake another one, at once or when it will find tokens."""
        if tokens_are_left:
            self.bell.ring(service)
        else:
            self.wake_ups.wake_later(service, worth_waking_seconds)

    def _take(self, service: ServiceKey, want: int, at_least: int) -> Grant | None:
        """Take tokens, or set the alarm for when they are there."""
        grant = self.buckets[service].take(want, at_least)
        if grant.granted:
            return grant
        self.wake_ups.wake_later(service, grant.wait_seconds)
        return None

    def _claim(self, service: ServiceKey, grant: Grant) -> list[ClaimedMessage]:
        """Claim what the tokens carry, and give back the ones that nothing was found for."""
        now = self.clock.now()
        claimed = claim_due(self.pool, service, segments=grant.granted, now=now, lease_until=now + self.lease)
        spare = grant.granted - sum(message.segments for message in claimed)
        if spare:
            self.buckets[service].give_back(spare, grant)
        return claimed

    def _send_all(self, service: ServiceKey, batch: _Batch) -> bool:
        """Send the claimed messages one by one; return whether all of them had fresh tokens."""
        taken_at = batch.taken_at
        with self.new_book() as book:
            for position, message in enumerate(batch.messages):
                if time.monotonic() - taken_at > _TOKEN_LIFETIME_SECONDS:
                    if not self._renew(service, batch.messages[position:]):
                        return False
                    taken_at = time.monotonic()
                self._send(book, message)
        return True

    def _renew(self, service: ServiceKey, left: Sequence[ClaimedMessage]) -> bool:
        """Take fresh tokens for what is left; without them the messages go back and an alarm is set.

        The perished ones are not given back: by now the bucket has refilled their place.
        """
        weight = sum(message.segments for message in left)
        grant = self._take(service, weight, weight)
        if grant is None:
            release(self.pool, left, reason="waiting for the rate", now=self.clock.now())
        return grant is not None

    def _send(self, book: Book, message: ClaimedMessage) -> None:
        try:
            request = self.outgoing.request(message, self.clock.now())
        except CannotUnseal as error:
            self._put_off(message, str(error))
            return
        attempt = book.open(message)
        if attempt is None:
            return
        began = time.monotonic()
        outcome = self.twilio[message.tenant].create(request)
        book.answer(attempt, outcome, time.monotonic() - began)

    def _put_off(self, message: ClaimedMessage, reason: str) -> None:
        """A message that cannot be read yet must not stand in the way of those behind it."""
        now = self.clock.now()
        _log.error("message %s cannot be sent: %s", message.id, reason)
        release(self.pool, [message], reason=reason, now=now, due_at=now + _PUT_OFF)
