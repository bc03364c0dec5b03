"""Callbacks in any order, number and grouping: Postgres ends where the fold of the state machine ends."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from messaging_pipeline.follow.apply_evidence import Evidence
from messaging_pipeline.messages.state_machine import TWILIO_WORDS, Event, Standing, Status, step
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.support.followed import NOON, answered, heard, replayed, report, sid_of, standing, under_way

MESSAGES = 3
OPTED_OUT = 21610

#: Each example makes messages of its own, so examples may share a database.
against_postgres = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@dataclass(frozen=True)
class Told:
    """A callback about one of a few messages, about its own SID or another."""

    message: int
    status: str
    error_code: int | None = None
    kind: str = "SM"

    def about(self, ids: Sequence[UUID]) -> Evidence:
        message_id = ids[self.message]
        return report(message_id, self.status, sid=sid_of(message_id, self.kind), error_code=self.error_code)

    @property
    def meaning(self) -> Status:
        """Where the callback says that the message is."""
        failed = self.status in {"failed", "undelivered"}
        return Status.SUPPRESSED if failed and self.error_code == OPTED_OUT else Status(self.status)


words = st.sampled_from(sorted(TWILIO_WORDS))
callbacks = st.builds(
    Told,
    message=st.integers(0, MESSAGES - 1),
    status=words,
    error_code=st.sampled_from([None, None, 30006, OPTED_OUT]),
    kind=st.sampled_from(["SM", "SM", "SM", "MM"]),
)
cuts = st.lists(st.integers(1, 4), min_size=12, max_size=12)


def in_batches(told: Sequence[Told], sizes: Sequence[int]) -> list[Sequence[Told]]:
    """Cut a list into pieces of the given sizes, as far as it goes."""
    batches, left = [], told
    for size in sizes:
        batches.append(left[:size])
        left = left[size:]
    return [batch for batch in [*batches, left] if batch]


def folded(message_id: UUID, told: Sequence[Told]) -> tuple[Standing, list[tuple[str, str, int | None, bool]]]:
    """Where the fold ends, and the lines of history that it leaves: the first copy of each report."""
    at = Standing(Status.CLAIMED)
    lines: dict[tuple[str, str, int | None], bool] = {}
    for one in told:
        sid = sid_of(message_id, one.kind)
        after = step(at, Event(one.meaning, evidence=True, sid=sid))
        lines.setdefault((one.meaning.value, sid, one.error_code), after.status is not at.status)
        at = after
    return at, [(*line, moved) for line, moved in lines.items()]


def new_messages(runtime: WorkerRuntime) -> list[UUID]:
    return [attempt.message.id for attempt in under_way(runtime, MESSAGES)]


@against_postgres
@given(told=st.lists(callbacks, max_size=14), sizes=cuts)
@example(told=[Told(0, "queued"), Told(0, "delivered", kind="MM"), Told(0, "sent")], sizes=[4])
@example(told=[Told(0, "failed"), Told(0, "failed", OPTED_OUT), Told(0, "undelivered", 30006)], sizes=[4])
@example(told=[Told(0, "delivered"), Told(1, "sent"), Told(0, "sent"), Told(1, "delivered")], sizes=[2, 2])
def test_rows_and_histories_are_what_the_fold_says(runtime: WorkerRuntime, told: list[Told], sizes: list[int]) -> None:
    ids = new_messages(runtime)
    for batch in in_batches(told, sizes):
        runtime.following.apply([one.about(ids) for one in batch])
    for number, message_id in enumerate(ids):
        expected, history = folded(message_id, [one for one in told if one.message == number])
        assert standing(runtime, message_id) == expected
        assert heard(runtime, message_id) == history
        assert replayed(runtime, message_id) == expected


@against_postgres
@given(told=st.lists(st.builds(Told, message=st.just(0), status=words), min_size=1, max_size=8), data=st.data())
def test_every_order_grouping_and_repetition_ends_in_the_same_status(
    runtime: WorkerRuntime, told: list[Told], data: st.DataObject
) -> None:
    copies = data.draw(st.lists(st.sampled_from(told), max_size=6))
    another_order = data.draw(st.permutations(told + copies))
    first, second, _ = new_messages(runtime)
    runtime.following.apply([one.about([first]) for one in told])
    for batch in in_batches(another_order, data.draw(cuts)):
        runtime.following.apply([one.about([second]) for one in batch])
    assert standing(runtime, first).status is standing(runtime, second).status
    assert sorted(line[0] for line in heard(runtime, first)) == sorted(line[0] for line in heard(runtime, second))


@against_postgres
@given(
    told=st.lists(st.builds(Told, message=st.just(0), status=words), max_size=5),
    answer=st.sampled_from(["queued", "accepted", "scheduled"]),
    when=st.integers(0, 5),
)
def test_the_answer_to_the_create_may_come_anywhere_among_the_callbacks(
    runtime: WorkerRuntime, told: list[Told], answer: str, when: int
) -> None:
    (attempt, *_) = under_way(runtime, MESSAGES)
    message_id = attempt.message.id
    for one in told[:when]:
        runtime.following.apply([one.about([message_id])])
    answered(runtime, attempt, answer)
    for one in told[when:]:
        runtime.following.apply([one.about([message_id])])
    expected, _ = folded(message_id, [*told, Told(0, answer)])
    assert standing(runtime, message_id) == expected
    assert replayed(runtime, message_id) == expected


@against_postgres
@given(told=st.lists(callbacks, min_size=1, max_size=10), seed=st.randoms(use_true_random=False))
def test_a_batch_applied_again_changes_nothing(runtime: WorkerRuntime, told: list[Told], seed: random.Random) -> None:
    ids = new_messages(runtime)
    batch = [one.about(ids) for one in told]
    runtime.following.apply(batch)
    before = [(standing(runtime, one), heard(runtime, one)) for one in ids]
    seed.shuffle(batch)
    again = runtime.following.apply(batch)
    assert again.moved == again.steps == ()
    assert [(standing(runtime, one), heard(runtime, one)) for one in ids] == before


def test_of_very_many_that_were_kept_a_sweep_applies_so_many_the_oldest_first(runtime: WorkerRuntime) -> None:
    attempts = under_way(runtime, 3)
    assert all(answered(runtime, one) for one in attempts)
    ids = [one.message.id for one in attempts]
    with runtime.base.pool.connection() as connection:
        for age, message_id in enumerate(ids):
            connection.execute(
                "insert into unmatched_callbacks (tenant, sid, status, error_code, received_at)"
                " select 'default', %s, 'sent', n, %s from generate_series(1, 250) n",
                [sid_of(message_id), NOON - timedelta(minutes=age)],
            )
    runtime.sweep.run()
    assert [standing(runtime, one).status for one in ids] == [Status.QUEUED, Status.SENT, Status.SENT]
    runtime.sweep.run()
    assert [standing(runtime, one).status for one in ids] == [Status.SENT] * 3
