"""Reports that make no sense, come too late or are none of ours: counted, kept where it helps, and never believed."""

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.follow.apply_evidence import Evidence
from messaging_pipeline.messages.state_machine import TWILIO_WORDS, Event, Standing, Status, step
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.support.followed import NOON, answered, replayed, report, shown, sid_of, standing, under_way
from tests.support.metric_deltas import reports

A_MONTH = timedelta(days=31)
LARGEST_CODE = 999_999

against_postgres = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@dataclass(frozen=True)
class Nonsense:
    """A report as anybody might send it: about whose message, under which SID, for which tenant, saying what."""

    ours: bool
    named: bool
    own_sid: bool
    tenant: str
    status: str
    error_code: int | None
    days_late: int

    def about(self, message_id: UUID) -> Evidence:
        whose = message_id if self.ours else uuid4()
        evidence = report(
            whose,
            self.status,
            sid=sid_of(whose, "SM" if self.own_sid else "MM"),
            tenant=self.tenant,
            error_code=self.error_code,
            received_at=NOON + timedelta(days=self.days_late),
        )
        return evidence if self.named else replace(evidence, message_id=None)

    @property
    def proves(self) -> bool:
        """Whether it may say anything about our message."""
        about_it = self.ours and self.own_sid and self.tenant == "default"
        return about_it and self.status in TWILIO_WORDS


words = st.one_of(
    st.sampled_from(sorted(TWILIO_WORDS)), st.text("abcdefghijklmnopqrstuvwxyz_-", min_size=1, max_size=32)
)
nonsense = st.builds(
    Nonsense,
    ours=st.booleans(),
    named=st.booleans(),
    own_sid=st.booleans(),
    tenant=st.sampled_from(["default", "default", "acme", "nobody", ""]),
    status=words,
    error_code=st.one_of(st.none(), st.just(99_999), st.just(LARGEST_CODE)),
    days_late=st.integers(0, 60),
)


def a_queued_message(runtime: WorkerRuntime) -> UUID:
    (attempt,) = under_way(runtime)
    answered(runtime, attempt)
    return attempt.message.id


def folded(message_id: UUID, told: list[Nonsense]) -> Standing:
    """Where those reports lead that prove something, in the order in which they came."""
    at = Standing(Status.QUEUED, sid_of(message_id))
    for one in told:
        if one.proves:
            at = step(at, Event(Status(one.status), evidence=True, sid=sid_of(message_id)))
    return at


@against_postgres
@given(told=st.lists(nonsense, max_size=12))
def test_a_message_moves_by_what_is_proven_and_by_nothing_else(
    runtime_of_two_tenants: WorkerRuntime, told: list[Nonsense]
) -> None:
    runtime = runtime_of_two_tenants
    message_id, bystander = a_queued_message(runtime), a_queued_message(runtime)
    untouched = shown(runtime, bystander)
    applied = runtime.following.apply([one.about(message_id) for one in told])
    assert sum(applied.counts.values()) == len(told)
    assert standing(runtime, message_id) == folded(message_id, told)
    assert replayed(runtime, message_id) == standing(runtime, message_id)
    assert shown(runtime, bystander) == untouched


@against_postgres
@given(told=st.lists(nonsense, min_size=1, max_size=8))
def test_everything_replayed_a_month_later_changes_nothing(
    runtime_of_two_tenants: WorkerRuntime, told: list[Nonsense]
) -> None:
    runtime = runtime_of_two_tenants
    message_id = a_queued_message(runtime)
    batch = [one.about(message_id) for one in told if one.ours]
    runtime.following.apply(batch)
    before = shown(runtime, message_id)
    again = runtime.following.apply([replace(one, received_at=one.received_at + A_MONTH) for one in batch])
    assert again.moved == again.steps == ()
    assert again.counts.get("new", 0) == 0
    assert shown(runtime, message_id) == before


def test_a_month_old_report_that_was_never_heard_is_still_news(runtime: WorkerRuntime, clock: ManualClock) -> None:
    message_id = a_queued_message(runtime)
    clock.advance(A_MONTH.total_seconds())
    new = reports("new")
    runtime.following.apply([report(message_id, "delivered", received_at=clock.now())])
    assert new.count == 1
    assert standing(runtime, message_id).status is Status.DELIVERED


def test_a_message_that_waits_is_not_moved_by_another_tenants_word(runtime_of_two_tenants: WorkerRuntime) -> None:
    runtime = runtime_of_two_tenants
    (attempt,) = under_way(runtime)
    message_id = attempt.message.id
    for status in sorted(TWILIO_WORDS):
        runtime.following.apply([report(message_id, status, tenant="acme"), report(message_id, status, tenant="")])
    assert standing(runtime, message_id) == Standing(Status.CLAIMED)
    assert [one["outcome"] for one in shown(runtime, message_id)["attempts"]] == ["started"]


def test_the_largest_batch_of_nonsense_is_one_transaction_and_no_trouble(runtime: WorkerRuntime) -> None:
    message_id = a_queued_message(runtime)
    unknown = reports("unknown_message")
    strangers = [report(uuid4(), "delivered", error_code=LARGEST_CODE) for _ in range(500)]
    runtime.following.apply([*strangers, report(message_id, "sent")])
    assert unknown.count == len(strangers)
    assert standing(runtime, message_id).status is Status.SENT
