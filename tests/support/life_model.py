"""A message's life in plain Python, written from the promises and not from the code: it says where a row must stand."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

LADDER = [
    *("pending", "claimed", "unconfirmed", "scheduled", "accepted", "queued", "sending", "sent"),
    *("rejected", "expired", "canceled", "undelivered", "failed", "suppressed", "delivered", "read"),
]
ARRIVED = {"delivered", "read"}
PASSES = 30003
OPTED_OUT = 21610
MOST_RETRIES = 2
LONGEST_REQUEST = timedelta(minutes=2)


def rank(status: str) -> int:
    return LADDER.index(status)


@dataclass
class Try:
    """One request: what we think became of it, and the SID that it is known by."""

    number: int
    started_at: datetime
    outcome: str = "started"
    sid: str | None = None
    answered: bool = False


@dataclass
class Life:
    """Where one message stands, and what it has been through."""

    status: str = "pending"
    sid: str | None = None
    live_from: int = 1
    retries: int = 0
    expires_at: datetime | None = None
    lease_until: datetime | None = None
    tries: list[Try] = field(default_factory=list)

    # Our own acts.

    def claimed(self, now: datetime, lease_until: datetime) -> None:
        assert self.status == "pending"
        assert not self.too_late(now)
        self.status, self.lease_until = "claimed", lease_until

    def opened(self, now: datetime, lease_until: datetime) -> None:
        assert self.status == "claimed"
        assert not any(one.outcome in {"started", "unconfirmed", "accepted"} for one in self.live_tries())
        self.tries.append(Try(len(self.tries) + 1, now))
        self.lease_until = lease_until

    def barred(self, status: str) -> None:
        self._rest(status)

    def canceled(self) -> None:
        """What has not left is withdrawn, also from a worker's hands."""
        if self.status == "pending" or (self.status == "claimed" and not self.under_way()):
            self._rest("canceled")

    def swept(self, now: datetime) -> None:
        """A lease that ran out is doubt if a request had left, and none if not; then what is too late expires.

        A request whose message was settled without it is in doubt once it cannot be under way any more.
        """
        if self.status == "claimed" and self.lease_until is not None and self.lease_until <= now:
            doubtful = self.under_way()
            self._rest("unconfirmed" if doubtful else "pending")
            for one in doubtful:
                one.outcome = "unconfirmed"
        for one in self.under_way() if self.status != "claimed" else []:
            if one.started_at + LONGEST_REQUEST < now:
                one.outcome = "unconfirmed"
        if self.status == "pending" and self.too_late(now):
            self.status = "expired"

    def decided_not_sent(self) -> None:
        """A person says so: whatever its attempts made counts only if it arrives."""
        assert self.status == "unconfirmed"
        for one in self.tries:
            if one.outcome in {"started", "unconfirmed"}:
                one.outcome = "not_sent"
        self._go_back()

    # What Twilio answers and reports.

    def answered(self, number: int, outcome: str, status: str, sid: str | None = None, spends: int = 0) -> None:
        """The answer to a create: it counts for the attempt, and for the message if nothing has gone beyond it."""
        one = self.tries[number - 1]
        known = one.outcome in {"accepted", "not_sent"} and not one.answered and outcome == "accepted"
        if one.outcome not in {"started", "unconfirmed"} and not known:
            return
        one.outcome, one.sid, one.answered = outcome, sid, True
        if number < self.live_from:
            return
        evidence = outcome == "accepted" and rank(status) > rank(self.status) and self.sid in {None, sid}
        conclusion = outcome != "accepted" and self.status in {"claimed", "unconfirmed"} and status != self.status
        if number == len(self.tries) and (evidence or conclusion):
            self.retries += spends
            self._rest(status)
        self.sid = self.sid or sid

    def heard(self, number: int, sid: str, word: str, code: int | None) -> None:
        """A report about an attempt: up the ladder, never down; a failure that passes leads to another attempt."""
        superseded = number < self.live_from
        if not superseded:
            self.sid = self.sid or sid
        ours = superseded or self.sid == sid
        one = self.tries[number - 1]
        if ours and one.sid is None:
            one.outcome, one.sid = "accepted", sid
        meaning = "suppressed" if code == OPTED_OUT and word in {"failed", "undelivered"} else word
        if not ours or (superseded and word not in ARRIVED) or rank(meaning) <= rank(self.status):
            return
        self._rest(meaning)
        if code == PASSES and meaning in {"failed", "undelivered"} and self.retries < MOST_RETRIES:
            self.retries += 1
            self._go_back()

    def under_way(self) -> list[Try]:
        return [one for one in self.tries if one.outcome == "started"]

    def too_late(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now

    def live_tries(self) -> list[Try]:
        return [one for one in self.tries if one.number >= self.live_from]

    def _go_back(self) -> None:
        self._rest("pending")
        self.sid, self.live_from = None, len(self.tries) + 1

    def _rest(self, status: str) -> None:
        self.status, self.lease_until = status, None
