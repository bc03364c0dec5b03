"""Asks Twilio Lookup about numbers that nothing is known of, before their messages leave, where a service wants it.

An answer costs money and is written down as soon as it is there. Killed between the two, the next one who claims the
message asks again: a look-up is paid for twice, and nothing is sent twice. What a landline means for a message is said
where its attempt would be opened, as for every number that is remembered as one.

A look-up is a request of the lane's own line, so that the account's ``api_concurrency`` holds for both together.
"""

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from messaging_pipeline import number_lines
from messaging_pipeline.clock import Clock
from messaging_pipeline.configuration import Configuration
from messaging_pipeline.consent.terms import terms_of
from messaging_pipeline.db.pool import Pool
from messaging_pipeline.deliver.book import Book
from messaging_pipeline.deliver.claims import ClaimedMessage
from messaging_pipeline.deliver.coming_again import come_again
from messaging_pipeline.deliver.supply import Batch, Supply
from messaging_pipeline.gates.verdict import Answer, Verdict
from messaging_pipeline.ids import E164, TenantKey
from messaging_pipeline.metrics import record_lookup
from messaging_pipeline.policies.lookup import LookupPolicy
from messaging_pipeline.services.lines import Line
from messaging_pipeline.twilio_api.lookups_api import LookupsApi, NumberLine
from messaging_pipeline.twilio_api.remote_messages import AccountRefused, Missing, NotTold, Throttled

#: A lane looks numbers up no longer than this before it sends; who was not looked up by then goes back.
_LONGEST_LOOK_SECONDS = 10.0
#: How long nobody in this process asks for a tenant after Lookup has failed: it must not hold up every message.
_REST = timedelta(seconds=30)
_ABOUT_THE_ACCOUNT = frozenset({401, 403})
_GATE = "lookup"


@dataclass(slots=True)
class _Round:
    """One batch's look-ups: whom to ask about, by which policy, until when, and who was answered already."""

    book: Book
    batch: Batch
    tenant: TenantKey
    policy: LookupPolicy
    wanted: set[E164]
    ends_at: float
    asked: int = 0


@dataclass(frozen=True, slots=True)
class NumberSieve:
    """Lets through whose line is known, or what may leave without; ``resting`` is until when no tenant's is asked."""

    pool: Pool
    clock: Clock
    configuration: Configuration
    lookups: Callable[[TenantKey], LookupsApi]
    supply: Supply
    resting: dict[TenantKey, datetime] = field(default_factory=dict)

    def sift(self, book: Book, batch: Batch, line: Line) -> Batch:
        """Return the batch with the messages that may go on."""
        service = self.configuration.services[batch.service]
        policy = self.configuration.lookup_of(service)
        if policy is None or not batch.messages:
            return batch
        tenant = TenantKey(service.tenant)
        wanted = self._unknown(tenant, batch)
        look = _Round(book, batch, tenant, policy, wanted, time.monotonic() + _LONGEST_LOOK_SECONDS)
        going: list[ClaimedMessage] = []
        for position, message in enumerate(batch.messages):
            left = batch.messages[position:]
            if not line.is_held():
                going.extend(left)  # the lane, which looks at its line next, gives them back
                break
            if look.asked and time.monotonic() >= look.ends_at:
                going.extend(self._without_the_unknown(look, left))
                break
            if message.to_number not in look.wanted or self._passes(look, message):
                going.append(message)
        return replace(batch, messages=going)

    def _unknown(self, tenant: TenantKey, batch: Batch) -> set[E164]:
        shared = terms_of(self.configuration, tenant, batch.service, {}).shared
        numbers = {message.to_number for message in batch.messages}
        with self.pool.connection() as connection:
            place = number_lines.Place(tenant, batch.service, shared)
            return number_lines.to_look_up(connection, place, numbers, self.clock.now())

    def _passes(self, look: _Round, message: ClaimedMessage) -> bool:
        """Ask about the message's number, unless Lookup rests; tell whether the message goes on now."""
        rests_until = self.resting.get(look.tenant)
        if rests_until is not None and self.clock.now() < rests_until:
            return self._unasked(look, message, rests_until)
        look.asked += 1
        told = self.lookups(look.tenant).line(message.to_number)
        if isinstance(told, NumberLine):
            self._remember(look, message.to_number, told)
            record_lookup(message.service, told.line_type)
            return True
        record_lookup(message.service, "unanswered")
        self._rest(look.tenant, told)
        return self._unanswered(look, message, _words(told))

    def _remember(self, look: _Round, number: E164, line: NumberLine) -> None:
        now = self.clock.now()
        good_until = now + timedelta(days=look.policy.days)
        found = number_lines.Found(look.tenant, number, line.line_type, line.carrier, now, good_until)
        with self.pool.connection() as connection:
            number_lines.remember(connection, found)
        look.wanted.discard(number)

    def _rest(self, tenant: TenantKey, told: Missing | NotTold) -> None:
        """What is about one number alone keeps nobody else from being asked about."""
        if isinstance(told, Missing):
            return
        if isinstance(told, AccountRefused) and told.http_status not in _ABOUT_THE_ACCOUNT:
            return
        self.resting[tenant] = self.clock.now() + _REST

    def _unasked(self, look: _Round, message: ClaimedMessage, rests_until: datetime) -> bool:
        if look.policy.when_unanswered == "send":
            return True
        verdict = Verdict.waits(rests_until, "Twilio Lookup did not answer for another message; it rests for a while")
        self.supply.let_wait([message], Answer(_GATE, verdict), look.batch.cap)
        return False

    def _unanswered(self, look: _Round, message: ClaimedMessage, reason: str) -> bool:
        if look.policy.when_unanswered == "send":
            return True
        come_again(self.supply, look.book, look.batch, message, reason)
        return False

    def _without_the_unknown(self, look: _Round, left: Sequence[ClaimedMessage]) -> Collection[ClaimedMessage]:
        """Time is up: what was not looked up goes back, to be due at once."""
        unknown = [message for message in left if message.to_number in look.wanted]
        self.supply.put_back(look.batch, unknown, "its number has not been looked up yet")
        return [message for message in left if message.to_number not in look.wanted]


def _words(told: Missing | NotTold) -> str:
    if isinstance(told, Missing):
        return "Twilio Lookup does not know the number"
    if isinstance(told, Throttled):
        return "Twilio Lookup had too many requests (429)"
    if isinstance(told, AccountRefused):
        return f"Twilio Lookup refused the question ({told.code})"
    return f"Twilio Lookup: {told.explanation}"
