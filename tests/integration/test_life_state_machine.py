"""Whole lives in any order of events, on a real Postgres: what a model in plain Python predicts is what comes about."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from psycopg.rows import dict_row

from messaging_pipeline.audit.deadlines import IN_TIME
from messaging_pipeline.audit.sending import ONE_REQUEST_UNDER_WAY
from messaging_pipeline.clock import ManualClock
from messaging_pipeline.deliver.attempts import Attempt
from messaging_pipeline.deliver.book import Book
from messaging_pipeline.deliver.claims import ClaimedMessage, Wanted, claim_due
from messaging_pipeline.errors import NotAllowed, NotReachable
from messaging_pipeline.follow.apply_evidence import Evidence
from messaging_pipeline.ids import MessageId, MessageSid
from messaging_pipeline.messages.replaying import as_event
from messaging_pipeline.messages.state_machine import OUR_MOVES, RANK, TWILIO_WORDS, Standing, Status, replay
from messaging_pipeline.reconcile.out_of_time import WayOut, leave_doubt
from messaging_pipeline.twilio_api.outcome import Accepted, Fault, NotSent, Outcome, Refused, Unconfirmed
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.support.delivering import DEFAULT
from tests.support.factories import a_send
from tests.support.followed import LEASE, shown
from tests.support.life_model import OPTED_OUT, PASSES, Life
from tests.support.written_lives import sid

MOST_MESSAGES = 3
EXPIRES_AFTER = timedelta(seconds=150)
A_MONTH = timedelta(days=31)
NOT_SENT = WayOut(Status.PENDING, "operator", "settled by the operator as not sent", settled="settled")
NEED_TIME = {IN_TIME.name, ONE_REQUEST_UNDER_WAY.name}
"""Rules that hold once the sweep has had its turn; the others hold at any moment."""

Answer = Callable[[str], tuple[Outcome, str, str, int]]
"""From the SID of a request to Twilio's answer, what it makes of the attempt and the message, and what it spends."""

REFUSALS: list[Answer] = [
    lambda _: (Refused(21211, 400, Fault.RECIPIENT, "not a number"), "refused", "failed", 0),
    lambda _: (Refused(21610, 400, Fault.OPTED_OUT, "opted out"), "refused", "suppressed", 0),
    lambda _: (Refused(20003, 401, Fault.ACCOUNT, "wrong token"), "not_sent", "pending", 0),
    lambda _: (NotSent("throttled", 20429, 429, None, "slower"), "not_sent", "pending", 0),
    lambda _: (NotSent("unreachable", None, None, None, "no connection"), "not_sent", "pending", 0),
]
LOST: Answer = lambda _: (Unconfirmed("timed out", None), "unconfirmed", "unconfirmed", 0)  # noqa: E731


def taken(word: str) -> Answer:
    return lambda own: (Accepted(MessageSid(own), word, 1), "accepted", word, 0)


TAKEN: list[Answer] = [taken("queued"), taken("accepted")]

FAILURES = {"failed", "undelivered"}

words = st.one_of(st.sampled_from(["sent", "delivered"]), st.sampled_from(sorted(TWILIO_WORDS)))

rarely = st.sampled_from([False, False, False, True])

small = settings(
    max_examples=30,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@dataclass
class Hand:
    """A lane's hold on one message, and its request once that has left."""

    message: int
    book: Book
    claimed: ClaimedMessage
    attempt: Attempt | None = None


def folded(events: list[dict[str, Any]]) -> Standing:
    return replay(as_event(one["status"], one["source"], one["sid"], one["superseded"]) for one in events)


def at_most_one_may_be_at_twilio(outcomes: list[str]) -> bool:
    return sum(outcome in {"started", "unconfirmed", "accepted"} for outcome in outcomes) <= 1


def goes_down_only_by_written_acts(events: list[dict[str, Any]]) -> bool:
    reached = [Status(one["status"]) for one in events if one["moved"]]
    return all(RANK[after] > RANK[before] or (before, after) in OUR_MOVES for before, after in pairwise(reached))


class Lives(RuleBasedStateMachine):
    """A few messages, the lanes that hold them, a Twilio that knows some of them, and everything that may happen."""

    def __init__(self, runtime: WorkerRuntime, clock: ManualClock) -> None:
        super().__init__()
        self.runtime, self.clock = runtime, clock
        self.ids: list[MessageId] = []
        self.lives: list[Life] = []
        self.hands: list[Hand] = []
        self.reachable: set[tuple[int, int]] = set()
        self.told: list[Evidence] = []
        self.cancels_left = 1
        with runtime.base.pool.connection() as connection:
            connection.execute(
                "truncate messages, attempts, message_events, fallback_steps, unmatched_callbacks, "
                "consent_events, opt_outs, number_health, service_states, paces"
            )

    # The producer.

    @initialize(expires=rarely)
    def begin(self, expires: bool) -> None:
        self.accept(expires)

    @precondition(lambda self: len(self.ids) < MOST_MESSAGES)
    @rule(expires=rarely)
    def accept(self, expires: bool) -> None:
        until = self.clock.now() + EXPIRES_AFTER if expires else None
        send = a_send(to=f"+1415555{len(self.ids):04d}", expires_at=until and until.isoformat())
        self.ids.append(self.runtime.base.accepting.accept(send))
        self.lives.append(Life(expires_at=until))

    @precondition(lambda self: self.cancels_left and self.ids)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        message = data.draw(st.integers(0, len(self.ids) - 1))
        self.cancels_left -= 1
        self.lives[message].canceled()
        with suppress(NotAllowed, NotReachable):  # a schedule at Twilio, which is nowhere
            self.runtime.base.canceling.cancel(self.ids[message], "default")

    # The lanes.

    @precondition(lambda self: self.something_waits())
    @rule()
    def claim(self) -> None:
        now, until = self.clock.now(), self.clock.now() + LEASE
        for claimed in claim_due(self.runtime.base.pool, Wanted(DEFAULT, 100), now=now, lease_until=until):
            message = self.ids.index(claimed.id)
            self.lives[message].claimed(now, until)
            self.hands.append(Hand(message, self.runtime.lane.new_book(), claimed))

    @precondition(lambda self: any(hand.attempt is None for hand in self.hands))
    @rule(data=st.data())
    def open(self, data: st.DataObject) -> None:
        self.open_with(data.draw(st.sampled_from([one for one in self.hands if one.attempt is None])))

    @precondition(lambda self: self.something_waits())
    @rule()
    def everything_due_leaves(self) -> None:
        """A lane with nothing in its way: it waits for the next try to be due, claims, and opens."""
        with self.runtime.base.pool.connection() as connection:
            row = connection.execute("select min(due_at) from messages where status = 'pending'").fetchone()
        assert row is not None
        self.clock.advance(max(0.0, (row[0] - self.clock.now()).total_seconds()))
        self.claim()
        for hand in [one for one in self.hands if one.attempt is None]:
            self.open_with(hand)

    @precondition(lambda self: any(hand.attempt for hand in self.hands))
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        """An answer may come late. Once Twilio has reported on a request, it cannot have refused it."""
        hand = data.draw(st.sampled_from([one for one in self.hands if one.attempt]))
        assert hand.attempt is not None
        number = hand.attempt.number
        reported = (hand.message, number) in self.reachable
        answers = [*TAKEN, LOST] if reported else [*TAKEN, *REFUSALS, LOST]
        outcome, of_attempt, status, spends = data.draw(st.sampled_from(answers))(self.own_sid(hand.message, number))
        hand.book.answer(hand.attempt, outcome, 0.1)
        hand.book.close()
        self.hands.remove(hand)
        own = self.own_sid(hand.message, number) if of_attempt == "accepted" else None
        self.lives[hand.message].answered(number, of_attempt, status, own, spends)
        if of_attempt in {"accepted", "unconfirmed"}:
            self.reachable.add((hand.message, number))

    @precondition(lambda self: self.hands)
    @rule(data=st.data())
    def crash(self, data: st.DataObject) -> None:
        """A lane dies, with a claim or with a request under way that Twilio may have taken."""
        hand = data.draw(st.sampled_from(self.hands))
        self.hands.remove(hand)
        if hand.attempt is not None:
            self.reachable.add((hand.message, hand.attempt.number))

    # Twilio.

    @precondition(lambda self: self.reports_possible())
    @rule(data=st.data(), word=words, named=st.booleans())
    def callback(self, data: st.DataObject, word: str, named: bool) -> None:
        message, number = data.draw(st.sampled_from(self.reports_possible()))
        codes = [None, 30006, OPTED_OUT, *self.codes_that_pass(message)] if word in FAILURES else [None]
        self.twilio_says(message, number, word, data.draw(st.sampled_from(codes)), named)

    @precondition(lambda self: self.reports_possible())
    @rule(data=st.data(), word=st.sampled_from(sorted(FAILURES)))
    def callback_that_it_did_not_arrive_this_time(self, data: st.DataObject, word: str) -> None:
        message, number = data.draw(st.sampled_from(self.reports_possible()))
        codes = self.codes_that_pass(message) or [None]
        self.twilio_says(message, number, word, data.draw(st.sampled_from(codes)), named=True)

    @precondition(lambda self: self.superseded_tries())
    @rule(data=st.data(), word=words)
    def callback_about_an_attempt_that_another_has_replaced(self, data: st.DataObject, word: str) -> None:
        message, number = data.draw(st.sampled_from(self.superseded_tries()))
        self.twilio_says(message, number, word, None, named=True)

    @precondition(lambda self: self.bound_tries())
    @rule(data=st.data(), word=words)
    def callback_about_another_sid(self, data: st.DataObject, word: str) -> None:
        message, number = data.draw(st.sampled_from(self.bound_tries()))
        other = sid(self.ids[message], 1000 + number)
        self.tell(message, number, self.report(message, number, other, word, None, named=True))

    @precondition(lambda self: self.told)
    @rule(data=st.data())
    def replay_a_month_later(self, data: st.DataObject) -> None:
        """What was heard before is heard again; it is told to the model too, which it must not impress either."""
        old = data.draw(st.sampled_from(self.told))
        assert old.message_id is not None
        assert old.attempt is not None
        message = self.ids.index(MessageId(old.message_id))
        self.tell(message, old.attempt, replace(old, received_at=old.received_at + A_MONTH))

    # Time, the sweep, and a person.

    @rule(seconds=st.sampled_from([1, 20, 61, 90]))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @rule()
    def sweep(self) -> None:
        self.runtime.sweep.run()
        for life in self.lives:
            life.swept(self.clock.now())

    @precondition(lambda self: any(one.status == "unconfirmed" for one in self.lives))
    @rule(data=st.data())
    def resolve_as_not_sent(self, data: st.DataObject) -> None:
        doubtful = [number for number, one in enumerate(self.lives) if one.status == "unconfirmed"]
        message = data.draw(st.sampled_from(doubtful))
        life = self.lives[message]
        with self.runtime.base.pool.connection() as connection:
            left = leave_doubt(connection, "default", self.ids[message], len(life.tries), NOT_SENT, self.clock.now())
        assert left == DEFAULT
        life.decided_not_sent()

    # What must hold after every step.

    @invariant()
    def every_message_is_where_the_model_says_and_its_history_proves_it(self) -> None:
        for message_id, life in zip(self.ids, self.lives, strict=True):
            seen = shown(self.runtime, message_id)
            assert seen["status"] == life.status
            assert folded(seen["events"]) == Standing(Status(life.status), self.row(message_id)["sid"])
            outcomes = [one["outcome"] for one in seen["attempts"]]
            assert outcomes == [one.outcome for one in life.tries]
            assert at_most_one_may_be_at_twilio(outcomes[life.live_from - 1 :])
            assert goes_down_only_by_written_acts(seen["events"])

    @invariant()
    def the_audit_finds_nothing(self) -> None:
        found = {one.rule: one.violations for one in self.runtime.auditing.run(A_MONTH) if one.found}
        assert {rule: what for rule, what in found.items() if rule not in NEED_TIME} == {}

    def teardown(self) -> None:
        """When everybody has gone home and the sweep has had its turn, nothing at all is left to complain about."""
        self.clock.advance(400)
        self.sweep()
        self.every_message_is_where_the_model_says_and_its_history_proves_it()
        assert [one for one in self.runtime.auditing.run(A_MONTH) if one.found] == []

    # What the rules are made of.

    def own_sid(self, message: int, number: int) -> str:
        return sid(self.ids[message], number)

    def open_with(self, hand: Hand) -> None:
        """A hand that lost its claim may open nothing, and neither may one that comes too late."""
        life, now = self.lives[hand.message], self.clock.now()
        is_ours = life.status == "claimed" and self.holds(hand)
        hand.attempt = hand.book.open(hand.claimed)
        if hand.attempt is not None:
            life.opened(now, now + hand.book.lease)
            assert is_ours
            assert hand.attempt.number == len(life.tries)
            return
        self.hands.remove(hand)
        assert not is_ours or life.too_late(now)
        if is_ours:
            life.barred("expired")

    def holds(self, hand: Hand) -> bool:
        """Whether a hand's claim is the one that the row has."""
        return bool(self.row(hand.claimed.id)["claim_id"] == hand.claimed.claim_id)

    def row(self, message_id: MessageId) -> dict[str, Any]:
        with self.runtime.base.pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
            found = cursor.execute("select sid, claim_id from messages where id = %s", [message_id]).fetchone()
        assert found is not None
        return found

    def something_waits(self) -> bool:
        return any(life.status == "pending" for life in self.lives)

    def reports_possible(self) -> list[tuple[int, int]]:
        """The requests that Twilio may report on: all that left and that it has not refused."""
        open_ones = {(hand.message, hand.attempt.number) for hand in self.hands if hand.attempt}
        return sorted(self.reachable | open_ones)

    def superseded_tries(self) -> list[tuple[int, int]]:
        return [
            (message, number) for message, number in self.reports_possible() if number < self.lives[message].live_from
        ]

    def codes_that_pass(self, message: int) -> list[int | None]:
        """A message that expires may have no time for another attempt; when it is due is for dice to say."""
        return [] if self.lives[message].expires_at else [PASSES]

    def bound_tries(self) -> list[tuple[int, int]]:
        return [
            (message, one.number)
            for message, life in enumerate(self.lives)
            for one in life.tries
            if one.sid is not None
        ]

    def report(self, message: int, number: int, own: str, word: str, code: int | None, named: bool) -> Evidence:
        values: dict[str, Any] = {"message_id": self.ids[message], "attempt": number} if named else {}
        return Evidence(
            **{"message_id": None, **values},
            tenant="default",
            sid=own,
            status=word,
            error_code=code,
            received_at=self.clock.now(),
        )

    def twilio_says(self, message: int, number: int, word: str, code: int | None, named: bool) -> None:
        """A report that names no message finds it by its SID, if that is known."""
        own = self.own_sid(message, number)
        known = self.lives[message].tries[number - 1].sid == own
        self.tell(message, number, self.report(message, number, own, word, code, named or not known))
        self.reachable.add((message, number))

    def tell(self, message: int, number: int, evidence: Evidence) -> None:
        self.runtime.following.apply([evidence])
        self.told.append(replace(evidence, message_id=self.ids[message], attempt=number))
        self.lives[message].heard(number, evidence.sid, evidence.status, evidence.error_code)


def test_lives_in_any_order_of_events(runtime: WorkerRuntime, clock: ManualClock) -> None:
    run_state_machine_as_test(lambda: Lives(runtime, clock), settings=small)
