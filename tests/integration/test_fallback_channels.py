"""Fallback by SMS, HTTP and Celery: each step goes out once, and what fails hands over to the next."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from redis import Redis

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.configuration import load_configuration
from messaging_pipeline.errors import InvalidInput, InvalidSettings
from messaging_pipeline.history.timeline import timeline
from messaging_pipeline.ids import MessageId
from messaging_pipeline.simulator.control_client import SimulatorControl
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.runtimes import TWO_TENANTS
from tests.plugins.simulators import QUICK_SERVICE, RuntimeMaker
from tests.support.factories import a_send, configuration_file, settings
from tests.support.falling import EMAIL, let_leave, run, states, told, with_plan, woken
from tests.support.followed import report, shown
from tests.support.pushing import variables
from tests.support.queued import task_in
from tests.support.reconciled import broken_rules
from tests.support.stand_in import answering, stand_in

LANDLINE, OPTED_OUT = 30006, 21610
SMS = {"channel": "sms", "to": "+14155550199"}
CALL = {"channel": "http", "to": "desk"}
TASK = {"channel": "celery", "task": "shop.call_back", "queue": "shop", "arguments": {"shelf": 3}}


PUSH = {"channel": "push", "to": "a-device"}


def with_receiver(url: str) -> str:
    return f'{QUICK_SERVICE}\n[receivers.desk]\nurl = "{url}"\nsecret = "env:DESK"\nprivate_addresses = true\n'


def the_step(runtime: WorkerRuntime, message_id: UUID, number: int = 1) -> dict[str, Any]:
    return dict(shown(runtime, message_id)["fallback"][number - 1])


def failed_with(runtime: WorkerRuntime, *plan: dict[str, Any], **send: Any) -> UUID:
    """A message with a plan whose first step has just run."""
    message_id = with_plan(runtime, *plan, **send)
    told(runtime, message_id, "undelivered", LANDLINE)
    run(runtime, message_id, 1)
    return message_id


def test_a_step_by_sms_is_one_more_message_with_a_link(runtime: WorkerRuntime) -> None:
    message_id = failed_with(runtime, {**SMS, "link": "https://example.com/t/1"}, tags={"booking": "4711"})
    step = the_step(runtime, message_id)
    second = shown(runtime, step["sent_as"])
    assert (step["state"], step["sent_as_status"]) == ("sent", "pending")
    line = f"fallback 1 (sms) sent: it is message {step['sent_as']}, which is pending"
    assert any(one.endswith(line) for one in timeline(shown(runtime, message_id)))
    assert (second["to"], second["status"], second["tags"]) == ("+14155550199", "pending", {"booking": "4711"})
    assert second["idempotency_key"] == f"fallback-{message_id}-1"
    with runtime.base.pool.connection() as connection:
        row = connection.execute("select content, fallback from messages where id = %s", [second["id"]]).fetchone()
    assert row is not None
    assert runtime.base.sealer.unseal(row[0])["body"] == "Your table is ready. https://example.com/t/1"
    assert row[1] is None


def test_a_worker_that_dies_while_it_hands_the_second_message_over_leaves_one(
    runtime: WorkerRuntime, clock: ManualClock
) -> None:
    message_id = failed_with(runtime, SMS)
    with runtime.base.pool.connection() as connection:
        connection.execute("update fallback_steps set state = 'sending', lease_until = %s", [clock.now()])
    runtime.sweep.run()
    run(runtime, message_id, 1)
    assert the_step(runtime, message_id)["state"] == "sent"
    with runtime.base.pool.connection() as connection:
        assert connection.execute("select count(*) from messages").fetchone() == (2,)


def test_a_second_message_that_fails_too_starts_the_next_step(runtime: WorkerRuntime, redis_url: str) -> None:
    message_id = failed_with(runtime, SMS, EMAIL)
    second = the_step(runtime, message_id)["sent_as"]
    let_leave(runtime)
    told(runtime, second, "failed", LANDLINE)
    assert states(runtime, message_id) == [(1, "failed", "undelivered"), (2, "waiting", "undelivered")]
    assert woken(redis_url, message_id) == [1, 2]


def test_a_second_recipient_who_has_opted_out_starts_nothing(runtime: WorkerRuntime) -> None:
    message_id = failed_with(runtime, SMS, EMAIL)
    let_leave(runtime)
    told(runtime, the_step(runtime, message_id)["sent_as"], "failed", OPTED_OUT)
    assert states(runtime, message_id) == [(1, "sent", "undelivered")]
    assert the_step(runtime, message_id)["sent_as_status"] == "suppressed"


def test_a_late_arrival_takes_back_a_second_message_that_has_not_left(runtime: WorkerRuntime) -> None:
    message_id = failed_with(runtime, SMS)
    second = the_step(runtime, message_id)["sent_as"]
    told(runtime, message_id, "delivered")
    assert states(runtime, message_id) == [(1, "withdrawn", "undelivered")]
    assert shown(runtime, second)["status"] == "canceled"
    assert broken_rules(runtime) == {}


def test_a_late_arrival_annotates_a_second_message_that_has_left(runtime: WorkerRuntime) -> None:
    message_id = failed_with(runtime, SMS)
    second = the_step(runtime, message_id)["sent_as"]
    let_leave(runtime)
    told(runtime, second, "sent")
    told(runtime, message_id, "delivered")
    step = the_step(runtime, message_id)
    assert (step["state"], step["sent_as_status"]) == ("sent", "sent")
    assert step["overtaken_at"] is not None


def test_a_second_message_that_is_refused_starts_the_next_step(runtime: WorkerRuntime) -> None:
    message_id = failed_with(runtime, {**SMS, "link": f"https://example.com/{'x' * 900}"}, EMAIL, body="x" * 1000)
    assert [state for _, state, _ in states(runtime, message_id)] == ["failed", "waiting"]
    assert "body: has" in the_step(runtime, message_id)["explanation"]


def test_a_call_that_the_receiver_takes_is_made_once(make_runtime: RuntimeMaker) -> None:
    with stand_in(answering(202)) as server:
        runtime = make_runtime(with_receiver(server.url), DESK="a secret")
        message_id = failed_with(runtime, CALL, EMAIL)
        run(runtime, message_id, 1)
    assert states(runtime, message_id) == [(1, "sent", "undelivered")]
    assert len(server.requests) == 1


def test_a_call_that_is_refused_starts_the_next_step(make_runtime: RuntimeMaker) -> None:
    with stand_in(answering(410)) as server:
        runtime = make_runtime(with_receiver(server.url), DESK="a secret")
        message_id = failed_with(runtime, CALL, EMAIL)
    assert states(runtime, message_id) == [(1, "failed", "undelivered"), (2, "waiting", "undelivered")]


@pytest.mark.parametrize(("repeatable", "state", "calls"), [(False, "unconfirmed", 1), (True, "waiting", 2)])
def test_only_a_repeatable_call_is_made_again_when_nobody_knows(
    make_runtime: RuntimeMaker, clock: ManualClock, repeatable: bool, state: str, calls: int
) -> None:
    with stand_in(answering(500)) as server:
        runtime = make_runtime(with_receiver(server.url), DESK="a secret")
        message_id = failed_with(runtime, {**CALL, "repeatable": repeatable})
        clock.advance(10)
        run(runtime, message_id, 1)
    assert the_step(runtime, message_id)["state"] == state
    assert [request.headers["idempotency-key"] for request in server.requests] == [f"{message_id}-1"] * calls


def test_what_is_repeated_in_vain_ends_in_doubt(make_runtime: RuntimeMaker, clock: ManualClock) -> None:
    with stand_in(answering(500)) as server:
        runtime = make_runtime(with_receiver(server.url), DESK="a secret")
        message_id = failed_with(runtime, {**CALL, "repeatable": True}, EMAIL)
        for _ in range(10):
            clock.advance(600)
            run(runtime, message_id, 1)
    assert states(runtime, message_id) == [(1, "unconfirmed", "undelivered")]
    assert len(server.requests) == 8


def test_a_task_goes_to_the_queue_of_somebody_elses_workers(runtime: WorkerRuntime, redis_url: str) -> None:
    message_id = failed_with(runtime, TASK)
    assert states(runtime, message_id) == [(1, "sent", "undelivered")]
    task = task_in(redis_url, "shop")
    assert task.name == "shop.call_back"
    assert task.arguments == {
        "step": f"{message_id}-1",
        "message_id": str(message_id),
        "tenant": "default",
        "service": "default",
        "cause": "undelivered",
        "error_code": LANDLINE,
        "tags": {},
        "shelf": 3,
    }
    assert shown(runtime, message_id)["to"] not in task.text
    with Redis.from_url(redis_url) as broker:
        broker.delete("shop")


@pytest.mark.parametrize(
    ("step", "field"),
    [
        ({"channel": "http", "to": "nobody"}, "fallback.0.to"),
        ({"channel": "sms", "service": "nobody"}, "fallback.0.service"),
    ],
)
def test_a_plan_that_names_what_there_is_not_is_refused(runtime: WorkerRuntime, step: dict, field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        runtime.base.accepting.accept(a_send(fallback=[step]))
    assert refusal.value.field == field


def test_a_tenants_receiver_and_service_are_unknown_to_another(runtime_of_two_tenants: WorkerRuntime) -> None:
    with pytest.raises(InvalidInput) as refusal:
        runtime_of_two_tenants.base.accepting.accept(a_send(fallback=[{"channel": "sms", "service": "acme-alerts"}]))
    assert refusal.value.field == "fallback.0.service"


def test_a_services_plan_that_names_what_there_is_not_stops_the_process(tmp_path: Path) -> None:
    text = '[services.a]\nfrom_number = "+12065550100"\n[[services.a.fallback]]\nchannel = "http"\nto = "nobody"\n'
    with pytest.raises(InvalidSettings) as refusal:
        load_configuration(settings(MESSAGING_CONFIG=configuration_file(tmp_path, text)))
    assert refusal.value.setting == "MESSAGING_CONFIG services.a.fallback.0.to"


def test_a_worker_without_a_receivers_secret_does_not_start(make_runtime: RuntimeMaker) -> None:
    with pytest.raises(InvalidSettings) as refusal:
        make_runtime(with_receiver("http://127.0.0.1:9/"))
    assert refusal.value.setting == "DESK"


def test_evidence_about_a_second_message_finds_its_step_in_any_batch(runtime: WorkerRuntime) -> None:
    other, first = failed_with(runtime, EMAIL), failed_with(runtime, SMS, EMAIL)
    let_leave(runtime)
    second = MessageId(the_step(runtime, first)["sent_as"])
    runtime.following.apply([report(second, "undelivered"), report(other, "delivered"), report(first, "delivered")])
    assert states(runtime, first)[0][1] == "failed"
    assert [state for _, state, _ in states(runtime, first)[1:]] in ([], ["withdrawn"])


def test_a_device_that_is_gone_starts_the_next_step(
    make_runtime: RuntimeMaker, simulator: Simulator, tmp_path: Path
) -> None:
    runtime = make_runtime(**variables(simulator, tmp_path))
    message_id = failed_with(runtime, {**PUSH, "to": "unregistered:1"}, PUSH)
    run(runtime, message_id, 2)
    assert states(runtime, message_id) == [(1, "failed", "undelivered"), (2, "sent", "undelivered")]
    with SimulatorControl(simulator.url) as control:
        (arrived,) = control.pushes()
    assert (arrived["token"], arrived["data"]["step"]) == ("a-device", f"{message_id}-2")
    assert "unregistered" not in str(shown(runtime, message_id))


def test_a_push_whose_answer_is_open_is_not_repeated_unless_the_step_says_so(
    make_runtime: RuntimeMaker, simulator: Simulator, tmp_path: Path
) -> None:
    runtime = make_runtime(**variables(simulator, tmp_path))
    once = failed_with(runtime, {**PUSH, "to": "unavailable:1"}, EMAIL)
    again = failed_with(runtime, {**PUSH, "to": "unavailable:1", "repeatable": True})
    assert states(runtime, once) == [(1, "unconfirmed", "undelivered")]
    assert states(runtime, again) == [(1, "waiting", "undelivered")]


def test_a_tenant_does_not_push_by_another_tenants_project(
    make_runtime: RuntimeMaker, simulator: Simulator, tmp_path: Path
) -> None:
    runtime = make_runtime(QUICK_SERVICE + TWO_TENANTS, **variables(simulator, tmp_path))
    message_id = with_plan(runtime, {"channel": "push", "topic": "all"}, tenant="acme", service="acme-alerts")
    runtime.following.apply([report(message_id, "undelivered", tenant="acme", error_code=LANDLINE)])
    run(runtime, message_id, 1)
    step = the_step(runtime, message_id)
    assert (step["state"], "no Firebase project" in step["explanation"]) == ("failed", True)
    with SimulatorControl(simulator.url) as control:
        assert control.pushes() == []
