"""Calling what keywords are bound to: at least once, answered once, bounded, whatever dies in between."""

from collections.abc import Callable, Iterator

import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.keyword_handlers.ledger import LEASE
from messaging_pipeline.queues import Queue, Task
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.simulators import RuntimeMaker
from tests.support.commands import Finished, run_command
from tests.support.delivering import drain
from tests.support.factories import RECIPIENT, SERVICE_SID, environment
from tests.support.handled import STATUS_BY_PYTHON, calls, replies, state, write
from tests.support.inbound_cases import sid
from tests.support.lost_connections import lose_connections
from tests.support.queued import queued
from tests.support.shop import shop
from tests.support.two_tenants import ACME_SERVICE, ACME_SERVICE_SID

ANOTHER = "+14155550188"
ON_ITS_WAY = "It is on its way."
ACMES_STATUS = """
[services.acme-alerts.keywords.handlers.STATUS]
argument = "word"
python = "tests.support.shop:status"
"""
Run = Callable[..., Finished]


@pytest.fixture
def worker(make_runtime: RuntimeMaker) -> Iterator[WorkerRuntime]:
    shop.reset()
    shop.says = lambda call: ON_ITS_WAY
    yield make_runtime(STATUS_BY_PYTHON)
    shop.reset()


@pytest.fixture
def run(database_url: str, redis_url: str) -> Run:
    given = environment(DATABASE_URL=database_url, REDIS_URL=redis_url)
    return lambda *arguments: run_command(given, *arguments)


def failing(call: object) -> object:
    raise RuntimeError("no order for +14155550123")


def lapse(worker: WorkerRuntime, clock: ManualClock) -> None:
    clock.advance(LEASE.total_seconds() + 1)
    worker.sweep.run()


def woken(redis_url: str) -> list[str]:
    return [one.arguments["sid"] for one in queued(redis_url, Queue.INBOUND) if one.name == Task.RUN_KEYWORD]


def test_a_call_that_was_made_is_not_made_again_after_a_restart_of_postgres(
    worker: WorkerRuntime,
) -> None:
    shop.says = lambda call: lose_connections(worker)
    call = write(worker, 1, "STATUS 4711")
    worker.handling.run(call)
    assert state(worker) == "handled"


def test_a_call_is_woken_when_it_is_stored_and_by_each_sweep_until_it_is_done(
    worker: WorkerRuntime, redis_url: str
) -> None:
    call = write(worker, 1, "STATUS 4711")
    write(worker, 1, "STATUS 4711")
    assert woken(redis_url) == [sid(1)]
    worker.sweep.run()
    assert woken(redis_url) == [sid(1), sid(1)]
    for _ in range(3):
        worker.handling.run(call)
    worker.sweep.run()
    assert woken(redis_url) == [sid(1), sid(1)]
    assert (len(shop.calls), len(replies(worker)), state(worker)) == (1, 1, "answered")


def test_two_workers_at_once_call_once(worker: WorkerRuntime) -> None:
    call = write(worker, 1, "STATUS 4711")
    shop.says = lambda told: worker.handling.run(call)
    worker.handling.run(call)
    assert (len(shop.calls), state(worker)) == (1, "handled")


def test_a_worker_that_dies_in_the_call_has_it_made_again_with_the_same_token(
    worker: WorkerRuntime, clock: ManualClock
) -> None:
    call = write(worker, 1, "STATUS 4711")

    def dying(told: object) -> object:
        raise KeyboardInterrupt

    shop.says = dying
    with pytest.raises(KeyboardInterrupt):
        worker.handling.run(call)
    assert state(worker) == "claimed"
    worker.handling.run(call)
    lapse(worker, clock)
    assert calls(worker) == [("status", "waiting", 1, "the worker stopped during the call, or took too long")]
    shop.says = lambda told: ON_ITS_WAY
    worker.handling.run(call)
    assert (state(worker), len({told.token for told in shop.calls}), len(shop.calls)) == ("answered", 1, 2)


def test_a_worker_that_dies_after_the_reply_was_handed_over_doubles_the_call_and_not_the_reply(
    worker: WorkerRuntime, clock: ManualClock
) -> None:
    call = write(worker, 1, "STATUS 4711")
    claimed = worker.handling.ledger.claim(call, clock.now())
    assert claimed is not None
    assert worker.handling._work(claimed).state == "answered"
    lapse(worker, clock)
    shop.says = lambda told: "By now it has arrived."
    worker.handling.run(call)
    assert (state(worker), len(shop.calls)) == ("answered", 2)
    assert [text for _, _, text, _ in replies(worker)] == [ON_ITS_WAY]


def test_what_kills_every_worker_is_given_up(worker: WorkerRuntime, clock: ManualClock) -> None:
    call = write(worker, 1, "STATUS 4711")
    for _ in range(3):
        assert worker.handling.ledger.claim(call, clock.now()) is not None
        lapse(worker, clock)
    assert [(found, attempts) for _, found, attempts, _ in calls(worker)] == [("failed", 3)]
    assert worker.handling.ledger.claim(call, clock.now()) is None


def test_a_worker_that_was_too_slow_is_believed_unless_another_one_has_the_call_by_now(
    worker: WorkerRuntime, clock: ManualClock
) -> None:
    call = write(worker, 1, "STATUS 4711")

    def slow(told: object) -> object:
        lapse(worker, clock)
        return None

    shop.says = slow
    worker.handling.run(call)
    assert state(worker) == "handled"

    second = write(worker, 2, "STATUS 4712")

    def overtaken(told: object) -> object:
        lapse(worker, clock)
        assert worker.handling.ledger.claim(second, clock.now()) is not None
        return None

    shop.says = overtaken
    worker.handling.run(second)
    assert [found for _, found, *_ in calls(worker)] == ["handled", "claimed"]


def test_a_function_that_fails_is_called_again_later_and_given_up_at_last(
    worker: WorkerRuntime, clock: ManualClock
) -> None:
    shop.says = failing
    call = write(worker, 1, "STATUS 4711")
    for _ in range(5):
        worker.handling.run(call)
        clock.advance(301)
    assert calls(worker) == [("status", "failed", 3, "the function has raised RuntimeError")]
    assert (len(shop.calls), replies(worker)) == (3, [])


def test_a_failed_call_is_seen_and_can_be_made_again(worker: WorkerRuntime, run: Run, clock: ManualClock) -> None:
    shop.says = failing
    call = write(worker, 1, "STATUS 4711")
    for _ in range(3):
        worker.handling.run(call)
        clock.advance(301)
    assert "failed after 3 call(s): the function has raised RuntimeError" in run("inbound", "show", sid(1)).out
    (listed,) = run("inbound", "list", "--handler", "failed", "--json").json
    assert (listed["sid"], listed["handler"]) == (sid(1), "failed")
    assert run("inbound", "list", "--handler", "waiting", "--json").json == []
    assert run("inbound", "retry", sid(1), "--tenant", "acme").code == 1
    assert run("inbound", "retry", sid(1), "--json").json["retried"] is True
    assert run("inbound", "retry", sid(1)).code == 1
    clock.advance(86_400)
    shop.says = lambda told: ON_ITS_WAY
    worker.handling.run(call)
    assert run("inbound", "show", sid(1), "--json").json["handler"]["state"] == "answered"
    assert [to for to, *_ in replies(worker)] == [RECIPIENT]


def test_a_machine_that_answers_our_replies_is_soon_answered_no_more(worker: WorkerRuntime, clock: ManualClock) -> None:
    for number in range(7):
        worker.handling.run(write(worker, number, "STATUS 4711"))
        clock.advance(1)
    worker.handling.run(write(worker, 8, "STATUS 4711", From=ANOTHER))
    assert [found for _, found, *_ in calls(worker)] == ["answered"] * 5 + ["unanswered"] * 2 + ["answered"]
    assert (len(shop.calls), len(replies(worker))) == (8, 6)


def test_who_has_opted_out_is_heard_and_the_reply_does_not_leave(worker: WorkerRuntime) -> None:
    write(worker, 1, "STOP")
    worker.handling.run(write(worker, 2, "STATUS 4711"))
    drain(worker)
    assert len(shop.calls) == 1
    assert [one["status"] for one in worker.base.tracing.messages(tenant="default")] == ["suppressed"]


def test_a_handler_that_is_configured_no_longer_is_waited_for(
    worker: WorkerRuntime, make_runtime: RuntimeMaker, clock: ManualClock
) -> None:
    call = write(worker, 1, "STATUS 4711")
    without = make_runtime(STATUS_BY_PYTHON.replace("STATUS]", "ORDER]"))
    without.handling.run(call)
    assert calls(worker) == [("status", "waiting", 1, "messaging.toml has no handler for it any more")]
    clock.advance(301)
    worker.handling.run(call)
    assert state(worker) == "answered"


def test_a_person_who_was_forgotten_is_not_answered(worker: WorkerRuntime, run: Run) -> None:
    call = write(worker, 1, "STATUS 4711")
    assert run("forget", RECIPIENT).code == 0
    worker.handling.run(call)
    assert calls(worker) == [("status", "failed", 1, "its text is not kept any more")]
    assert (shop.calls, replies(worker)) == ([], [])


def test_each_tenant_calls_its_own_and_is_told_nothing_of_anothers(make_runtime: RuntimeMaker) -> None:
    shop.reset()
    shop.says = lambda call: f"{call.tenant} has it."
    runtime = make_runtime(STATUS_BY_PYTHON + ACME_SERVICE + ACMES_STATUS)
    ours = write(runtime, 1, "STATUS 4711")
    theirs = write(runtime, 1, "STATUS 0815", "acme", MessagingServiceSid=ACME_SERVICE_SID)
    strange = write(runtime, 2, "ORDER 1", "acme", MessagingServiceSid=SERVICE_SID)
    for call in (ours, theirs, strange):
        runtime.handling.run(call)
    assert [(call.tenant, call.service, call.argument) for call in shop.calls] == [
        ("default", "default", "4711"),
        ("acme", "acme-alerts", "0815"),
    ]
    assert [(service, text) for _, service, text, _ in replies(runtime)] == [
        ("default", "default has it."),
        ("acme-alerts", "acme has it."),
    ]


def test_a_worker_that_cannot_import_a_handler_does_not_start(make_runtime: RuntimeMaker) -> None:
    with pytest.raises(InvalidSettings, match="nowhere:status cannot be loaded") as refusal:
        make_runtime(STATUS_BY_PYTHON.replace("support.shop", "support.nowhere"))
    assert refusal.value.setting == "MESSAGING_CONFIG services.default.keywords.handlers.STATUS.python"
