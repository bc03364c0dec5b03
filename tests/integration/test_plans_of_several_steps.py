"""A plan's steps start by their causes, by the clock and after each other, each once, and are withdrawn in time."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.history.timeline import timeline
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.support.factories import SERVICE_SID, a_send, configuration_file, worker_runtime
from tests.support.falling import EMAIL, run, states, told, with_plan, woken
from tests.support.followed import shown, under_way
from tests.support.mail_server import MailServer, mail_server
from tests.support.reconciled import broken_rules

LANDLINE, OPTED_OUT = 30006, 21610
LATE = "not_delivered_within"
IN_TEN_MINUTES = {**EMAIL, "not_delivered_within": 600}

SERVICE_WITH_A_PLAN = f"""
[services.default]
messaging_service_sid = "{SERVICE_SID}"

[[services.default.fallback]]
channel = "email"
to = "desk@example.com"
on = ["recipient"]
"""


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def posting(database_url: str, redis_url: str, clock: ManualClock, mail: MailServer) -> Iterator[WorkerRuntime]:
    """A worker with a mail server."""
    mailing = {"SMTP_URL": f"smtp://127.0.0.1:{mail.port}", "FALLBACK_EMAIL_FROM": "desk@example.com"}
    with worker_runtime(clock, DATABASE_URL=database_url, REDIS_URL=redis_url, **mailing) as runtime:
        yield runtime


def test_the_next_step_starts_when_the_one_before_has_failed(runtime: WorkerRuntime, redis_url: str) -> None:
    message_id = with_plan(runtime, EMAIL, EMAIL, EMAIL)
    told(runtime, message_id, "undelivered", LANDLINE)
    for number in (1, 2, 3):
        run(runtime, message_id, number)  # no mail server is configured: it fails
    assert states(runtime, message_id) == [(number, "failed", "undelivered") for number in (1, 2, 3)]
    assert woken(redis_url, message_id) == [1, 2, 3]


def test_a_step_that_went_out_is_the_last_one(posting: WorkerRuntime, mail: MailServer) -> None:
    message_id = with_plan(posting, EMAIL, EMAIL)
    told(posting, message_id, "undelivered", LANDLINE)
    for _ in range(2):
        run(posting, message_id, 1)
    told(posting, message_id, "failed", LANDLINE)
    assert states(posting, message_id) == [(1, "sent", "undelivered")]
    assert len(mail.letters) == 1


@pytest.mark.parametrize(
    ("status", "error_code", "number"), [("undelivered", LANDLINE, 2), ("undelivered", None, 3), ("failed", 30007, 1)]
)
def test_the_cause_chooses_the_step(runtime: WorkerRuntime, status: str, error_code: int | None, number: int) -> None:
    message_id = with_plan(runtime, {**EMAIL, "on": ["failed"]}, {**EMAIL, "on": ["recipient"]}, EMAIL)
    told(runtime, message_id, status, error_code)
    assert states(runtime, message_id) == [(number, "waiting", status)]


def test_only_a_step_that_asks_for_it_follows_an_opt_out(runtime: WorkerRuntime) -> None:
    message_id = with_plan(runtime, EMAIL, IN_TEN_MINUTES, {**EMAIL, "on": ["suppressed"]})
    told(runtime, message_id, "failed", OPTED_OUT)
    assert states(runtime, message_id) == [(2, "withdrawn", LATE), (3, "waiting", "suppressed")]
    run(runtime, message_id, 3)
    assert states(runtime, message_id)[1:] == [(3, "failed", "suppressed")]


def test_a_step_starts_by_the_clock_when_nothing_was_delivered(
    posting: WorkerRuntime, mail: MailServer, redis_url: str, clock: ManualClock
) -> None:
    message_id = with_plan(posting, IN_TEN_MINUTES)
    assert states(posting, message_id) == [(1, "planned", LATE)]
    clock.advance(599)
    posting.sweep.run()
    assert woken(redis_url, message_id) == []
    clock.advance(1)
    posting.sweep.run()
    assert woken(redis_url, message_id) == [1]
    run(posting, message_id, 1)
    assert states(posting, message_id) == [(1, "sent", LATE)]
    assert len(mail.letters) == 1


def test_a_late_step_that_fails_hands_over_to_the_next(runtime: WorkerRuntime, clock: ManualClock) -> None:
    message_id = with_plan(runtime, IN_TEN_MINUTES, {**EMAIL, "on": ["expired"]}, EMAIL)
    clock.advance(600)
    runtime.sweep.run()
    run(runtime, message_id, 1)
    assert states(runtime, message_id) == [(1, "failed", LATE), (3, "waiting", LATE)]


def test_a_planned_step_may_start_earlier_by_its_other_cause(runtime: WorkerRuntime, redis_url: str) -> None:
    message_id = with_plan(runtime, {**IN_TEN_MINUTES, "on": ["undelivered"]})
    told(runtime, message_id, "undelivered", LANDLINE)
    assert states(runtime, message_id) == [(1, "waiting", "undelivered")]
    assert woken(redis_url, message_id) == [1]


def test_the_clock_begins_when_the_message_is_due(runtime: WorkerRuntime, clock: ManualClock) -> None:
    message_id = runtime.base.accepting.accept(
        a_send(send_at="2026-11-23T18:00:00+00:00", fallback=[IN_TEN_MINUTES])  # six hours ahead
    )
    clock.advance(6 * 3600 + 599)
    runtime.sweep.run()
    assert states(runtime, message_id) == [(1, "planned", LATE)]
    clock.advance(1)
    runtime.sweep.run()
    assert states(runtime, message_id) == [(1, "waiting", LATE)]


@pytest.mark.parametrize("arrival", ["delivered", "read"])
def test_an_arrival_withdraws_what_has_not_gone_out(
    posting: WorkerRuntime, mail: MailServer, clock: ManualClock, arrival: str
) -> None:
    message_id = with_plan(posting, EMAIL, IN_TEN_MINUTES)
    told(posting, message_id, "undelivered", LANDLINE)
    told(posting, message_id, arrival)
    withdrawn = [(1, "withdrawn", "undelivered"), (2, "withdrawn", LATE)]
    assert states(posting, message_id) == withdrawn
    clock.advance(600)
    posting.sweep.run()
    for number in (1, 2):
        run(posting, message_id, number)
    assert states(posting, message_id) == withdrawn
    assert mail.letters == []
    assert "fallback 1 (email) withdrawn: the message arrived after all" in "\n".join(
        timeline(shown(posting, message_id))
    )


def test_an_arrival_annotates_a_step_that_has_gone_out(posting: WorkerRuntime, clock: ManualClock) -> None:
    message_id = with_plan(posting, EMAIL)
    told(posting, message_id, "undelivered", LANDLINE)
    run(posting, message_id, 1)
    told(posting, message_id, "delivered")
    (step,) = shown(posting, message_id)["fallback"]
    assert (step["state"], step["overtaken_at"]) == ("sent", clock.now())
    assert "the message arrived although fallback 1 (email) had left" in "\n".join(timeline(shown(posting, message_id)))


def test_a_planned_step_of_a_message_that_was_taken_back_is_withdrawn_when_its_time_comes(
    runtime: WorkerRuntime, clock: ManualClock
) -> None:
    message_id = runtime.base.accepting.accept(a_send(fallback=[IN_TEN_MINUTES]))
    runtime.base.canceling.cancel(message_id, "default")
    clock.advance(600)
    runtime.sweep.run()
    run(runtime, message_id, 1)
    (step,) = shown(runtime, message_id)["fallback"]
    assert (step["state"], step["explanation"]) == ("withdrawn", "the message was taken back")


def test_a_repeat_of_a_message_plans_nothing_twice(runtime: WorkerRuntime) -> None:
    arguments = a_send(fallback=[IN_TEN_MINUTES], idempotency_key="once")
    first, second = (runtime.base.accepting.accept(arguments) for _ in range(2))
    assert first == second
    assert states(runtime, first) == [(1, "planned", LATE)]


def test_a_service_has_a_plan_for_messages_that_bring_none(
    database_url: str, redis_url: str, clock: ManualClock, tmp_path: Path
) -> None:
    config = configuration_file(tmp_path, SERVICE_WITH_A_PLAN)
    with worker_runtime(clock, DATABASE_URL=database_url, REDIS_URL=redis_url, MESSAGING_CONFIG=config) as runtime:
        (attempt,) = under_way(runtime)
        own, none = with_plan(runtime, EMAIL), with_plan(runtime)
        for message_id in (attempt.message.id, own, none):
            told(runtime, message_id, "failed", LANDLINE)
        assert [states(runtime, one) for one in (attempt.message.id, own, none)] == [
            [(1, "waiting", "failed")],
            [(1, "waiting", "failed")],
            [],
        ]


def test_the_audit_finds_nothing_wrong_with_plans(posting: WorkerRuntime, clock: ManualClock) -> None:
    late, failed, arrived = (with_plan(posting, EMAIL, IN_TEN_MINUTES) for _ in range(3))
    told(posting, failed, "undelivered", LANDLINE)
    told(posting, arrived, "undelivered", LANDLINE)
    told(posting, arrived, "delivered")
    clock.advance(600)
    posting.sweep.run()
    for one in (late, failed, arrived):
        run(posting, one, 1)
        run(posting, one, 2)
    assert broken_rules(posting) == {}
