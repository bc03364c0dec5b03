"""Tells events to those who want to hear of them: at least once, those of one message in order."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

from messaging_pipeline.backoff import backoff_seconds
from messaging_pipeline.clock import Clock
from messaging_pipeline.metrics import record_notice
from messaging_pipeline.notices.ledger import LEASE, Ending, NoticeLedger
from messaging_pipeline.notices.notice import Notice, NotTold
from messaging_pipeline.notices.start import TellersBell
from messaging_pipeline.notices.ways import Way
from messaging_pipeline.policies.events import EventsPolicy
from messaging_pipeline.sealing import CannotUnseal, Sealer

#: How long one task tells before it queues up again, so that other policies have their turn.
_TURN = timedelta(seconds=20)
_TOO_OFTEN = "it was told as often as it may be, and nobody has taken it"


@dataclass(slots=True)
class _Batch:
    """What one claim has come to so far."""

    endings: list[Ending] = field(default_factory=list)
    rests: bool = False
    any_told: bool = False


@dataclass(frozen=True, slots=True)
class Telling:
    """The desk where events are told; ``ways`` are those of the policies, by name."""

    ledger: NoticeLedger
    clock: Clock
    sealer: Sealer
    policies: Mapping[str, EventsPolicy]
    ways: Mapping[str, Way]
    bell: TellersBell
    stopping: threading.Event

    def run(self, policy: str) -> None:
        """Tell what is due for a policy for some seconds; nothing when others do so already, or it rests."""
        self.bell.begin(policy)
        if policy not in self.policies:
            return
        until = self.clock.now() + _TURN
        while self._tell_some(policy):
            if self.stopping.is_set() or self.clock.now() >= until:
                self.bell.ring([policy])
                return

    def look_after(self) -> None:
        """Put right what lapsed and wake who has something to tell; part of the sweep."""
        self.bell.ring(self.ledger.look_after(list(self.policies), self.clock.now()))

    def _tell_some(self, policy: str) -> bool:
        """Tell one batch; return whether there may be more that can be told now."""
        lane, claimed_at = uuid4(), self.clock.now()
        claimed = self.ledger.claim(policy, self.policies[policy], lane, claimed_at)
        if not claimed:
            return False
        batch = _Batch()
        for notice in claimed:
            if batch.rests or self.stopping.is_set() or self.clock.now() >= claimed_at + LEASE / 2:
                batch.endings.append(Ending(notice.id, "waiting", called=False))
            else:
                self._tell_one(policy, notice, batch)
        self._write(policy, lane, batch)
        return not batch.rests

    def _tell_one(self, policy: str, notice: Notice, batch: _Batch) -> None:
        wanted = self.policies[policy]
        if notice.attempts >= wanted.most_attempts:
            batch.endings.append(Ending(notice.id, "dead", _TOO_OFTEN, called=False))
            return
        try:
            content = notice.as_json(wanted.include, self.sealer)
            self.ways[policy].tell(str(notice.notice_id), content)
        except (NotTold, CannotUnseal) as error:
            again, rests = (error.again, error.rests) if isinstance(error, NotTold) else (True, False)
            batch.endings.append(self._not_told(wanted, notice, str(error), again=again))
            batch.rests = rests
        else:
            batch.endings.append(Ending(notice.id, "told"))
            batch.any_told = True

    def _not_told(self, wanted: EventsPolicy, notice: Notice, explanation: str, *, again: bool) -> Ending:
        attempts = notice.attempts + 1
        if not again or attempts >= wanted.most_attempts:
            return Ending(notice.id, "dead", explanation)
        due_at = self.clock.now() + timedelta(seconds=backoff_seconds(attempts))
        return Ending(notice.id, "waiting", explanation, due_at)

    def _write(self, policy: str, lane: UUID, batch: _Batch) -> None:
        now = self.clock.now()
        states = self.ledger.finish(lane, batch.endings, now)
        for state in states:
            record_notice(policy, state)
        if batch.rests:
            self.ledger.rest(policy, now)
        elif batch.any_told:
            self.ledger.end_rest(policy)
