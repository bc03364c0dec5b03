"""Delivering: what goes out, in which order, how often, and what each answer leaves behind."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.errors import NotAllowed
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.simulators import CALLBACK_URL, RuntimeMaker
from tests.support.delivering import DEFAULT, creates, drain, show
from tests.support.factories import SERVICE_SID, a_send
from tests.support.metric_deltas import Counting

RESET_AFTER_ACCEPT = "+15005551021"
ERROR_500_AFTER_ACCEPT = "+15005551022"
TRUNCATED_201 = "+15005551023"
THROTTLED_ONCE = "+15005551025"
OPTED_OUT = "+15005550004"
REFUSED_21211 = "+15005550001"

ENDS = ("expired", "canceled")


def test_a_due_message_reaches_twilio_once_and_keeps_its_sid(sending: WorkerRuntime, simulator: Simulator) -> None:
    message_id = sending.base.accepting.accept(a_send())
    drain(sending)
    shown, (create,) = show(sending, message_id), creates(simulator)
    assert (shown["status"], shown["sid"]) == ("accepted", create["sid"])
    assert [(one["number"], one["outcome"], one["sid"]) for one in shown["attempts"]] == [
        (1, "accepted", create["sid"])
    ]
    assert [event["status"] for event in shown["events"]] == ["pending", "claimed", "accepted"]


def test_the_way_to_twilio_is_timed_from_acceptance_and_from_when_it_was_due(
    sending: WorkerRuntime, simulator: Simulator, clock: ManualClock
) -> None:
    since_accept = Counting("messaging_time_to_twilio_seconds_sum", service="default")
    since_due = Counting("messaging_due_to_twilio_seconds_sum", service="default")
    sending.base.accepting.accept(a_send(send_at=clock.now() + timedelta(minutes=1)))
    clock.advance(63)
    drain(sending)
    assert (since_accept.count, since_due.count) == (63, 3)


def test_the_callback_names_the_message_and_asks_for_retries(sending: WorkerRuntime, simulator: Simulator) -> None:
    message_id = sending.base.accepting.accept(a_send())
    drain(sending)
    (create,) = creates(simulator)
    assert create["status_callback"] == f"{CALLBACK_URL}/{message_id}#rc=5&rp=all"
    assert create["service_sid"] == SERVICE_SID


def test_a_refusal_is_final_with_its_reason(sending: WorkerRuntime, simulator: Simulator, clock: ManualClock) -> None:
    message_id = sending.base.accepting.accept(a_send(to=REFUSED_21211))
    drain(sending)
    clock.advance(3600)
    drain(sending)
    shown = show(sending, message_id)
    assert (shown["status"], shown["error_code"], len(shown["attempts"])) == ("failed", 21211, 1)
    assert shown["reason"]
    assert len(creates(simulator)) == 1


def test_an_opt_out_told_by_the_create_suppresses(make_runtime: RuntimeMaker) -> None:
    runtime = make_runtime('[services.default]\nfrom_number = "+15005550006"\nsegments_per_second = 500\n')
    message_id = runtime.base.accepting.accept(a_send(to=OPTED_OUT))
    drain(runtime)
    shown = show(runtime, message_id)
    assert (shown["status"], shown["error_code"]) == ("suppressed", 21610)


def test_a_429_is_not_sent_and_tried_again_later(
    sending: WorkerRuntime, simulator: Simulator, clock: ManualClock
) -> None:
    message_id = sending.base.accepting.accept(a_send(to=THROTTLED_ONCE))
    drain(sending)
    waiting = show(sending, message_id)
    assert (waiting["status"], waiting["attempts"][0]["outcome"]) == ("pending", "not_sent")
    assert waiting["due_at"] >= clock.now()
    clock.advance(300)
    drain(sending)
    shown = show(sending, message_id)
    assert shown["status"] == "accepted"
    assert [one["outcome"] for one in shown["attempts"]] == ["not_sent", "accepted"]
    assert sum(create["created"] for create in creates(simulator)) == 1


def test_a_twilio_that_cannot_be_reached_leaves_the_message_pending(
    make_runtime: RuntimeMaker, clock: ManualClock
) -> None:
    runtime = make_runtime(TWILIO_API_BASE_URL="http://127.0.0.1:9")
    message_id = runtime.base.accepting.accept(a_send())
    drain(runtime)
    shown = show(runtime, message_id)
    assert (shown["status"], shown["attempts"][0]["outcome"]) == ("pending", "not_sent")


@pytest.mark.parametrize("to", [RESET_AFTER_ACCEPT, ERROR_500_AFTER_ACCEPT, TRUNCATED_201])
def test_a_lost_answer_is_doubt_and_never_a_second_request(
    sending: WorkerRuntime, simulator: Simulator, clock: ManualClock, to: str
) -> None:
    message_id = sending.base.accepting.accept(a_send(to=to))
    drain(sending)
    for _ in range(3):
        clock.advance(3600)
        sending.sweep.run()
        drain(sending)
    shown = show(sending, message_id)
    assert (shown["status"], shown["attempts"][0]["outcome"]) == ("unconfirmed", "unconfirmed")
    assert len(creates(simulator, to)) == 1


def test_high_goes_before_normal_before_bulk_and_within_each_by_due_time(
    sending: WorkerRuntime, simulator: Simulator, clock: ManualClock
) -> None:
    for number, priority in enumerate(["bulk", "normal", "high", "bulk", "normal", "high"]):
        sending.base.accepting.accept(a_send(to=f"+1415555012{number}", priority=priority))
        clock.advance(1)
    drain(sending)
    assert [create["to"][-1] for create in creates(simulator)] == ["2", "5", "1", "4", "0", "3"]


def test_a_message_for_later_waits_for_its_time(
    sending: WorkerRuntime, simulator: Simulator, clock: ManualClock
) -> None:
    sending.base.accepting.accept(a_send(send_at=(clock.now() + timedelta(hours=1)).isoformat()))
    drain(sending)
    assert creates(simulator) == []
    clock.advance(3601)
    drain(sending)
    assert len(creates(simulator)) == 1


def test_a_message_heavier_than_the_burst_still_goes_out(make_runtime: RuntimeMaker, simulator: Simulator) -> None:
    runtime = make_runtime(
        f'[services.default]\nmessaging_service_sid = "{SERVICE_SID}"\nsegments_per_second = 500\nburst_segments = 2\n'
    )
    message_id = runtime.base.accepting.accept(a_send(body="x" * 1600))
    drain(runtime)
    assert show(runtime, message_id)["segments"] == 11
    assert len(creates(simulator)) == 1


def test_eight_workers_send_each_message_once(sending: WorkerRuntime, simulator: Simulator) -> None:
    ids = [sending.base.accepting.accept(a_send(to=f"+141555501{number:02d}")) for number in range(60)]
    with ThreadPoolExecutor(8) as workers:
        list(workers.map(lambda _: drain(sending), range(8)))
    sent = [create["to"] for create in creates(simulator)]
    assert len(sent) == len(set(sent)) == 60
    assert sending.base.tracing.count_by_status(ids) == {"accepted": 60}


def test_a_validity_period_is_passed_on(sending: WorkerRuntime, clock: ManualClock) -> None:
    later = clock.now() + timedelta(minutes=10)
    message_id = sending.base.accepting.accept(a_send(expires_at=later.isoformat()))
    drain(sending)
    assert show(sending, message_id)["status"] == "accepted"


def test_one_message_that_cannot_be_made_ready_stops_no_other(
    sending: WorkerRuntime, simulator: Simulator, clock: ManualClock
) -> None:
    failures = Counting("messaging_task_failures_total", task="deliver")
    bad, good = (sending.base.accepting.accept(a_send(to=f"+1415200000{one}")) for one in range(2))
    with sending.base.pool.connection() as connection:
        of_another_version = sending.base.sealer.seal({"text": "a form that this version does not know"})
        connection.execute("update messages set content = %s where id = %s", [of_another_version, bad])
    drain(sending)
    assert (show(sending, good)["status"], len(creates(simulator)), failures.count) == ("accepted", 1, 1)
    shown = show(sending, bad)
    assert (shown["status"], shown["attempts"]) == ("pending", [])
    assert shown["reason"] == "it cannot be made ready (KeyError); the worker's log says where"


def test_every_end_of_a_message_is_counted_wherever_it_came(sending: WorkerRuntime, clock: ManualClock) -> None:
    expired, canceled = (Counting("messaging_statuses_total", service="default", status=end) for end in ENDS)
    soon = (clock.now() + timedelta(minutes=10)).isoformat()
    sending.base.accepting.accept(a_send(expires_at=soon))
    withdrawn = sending.base.accepting.accept(a_send())
    for _ in range(2):
        sending.base.canceling.cancel(withdrawn, "default")
    clock.advance(601)
    sending.sweep.run()
    assert (expired.count, canceled.count) == (1, 1)


def test_what_expired_is_never_sent(sending: WorkerRuntime, simulator: Simulator, clock: ManualClock) -> None:
    later = clock.now() + timedelta(minutes=10)
    plan = [{"channel": "email", "to": "ada@example.com"}]
    message_id = sending.base.accepting.accept(a_send(expires_at=later.isoformat(), fallback=plan))
    clock.advance(601)
    sending.lane.run(DEFAULT)
    sending.sweep.run()
    shown = show(sending, message_id)
    assert shown["status"] == "expired"
    assert [(step["channel"], step["cause"]) for step in shown["fallback"]] == [("email", "expired")]
    assert creates(simulator) == []


def test_a_canceled_message_is_never_sent(sending: WorkerRuntime, simulator: Simulator) -> None:
    message_id = sending.base.accepting.accept(a_send())
    for _ in range(2):
        sending.base.canceling.cancel(message_id, "default")
    drain(sending)
    assert show(sending, message_id)["status"] == "canceled"
    assert creates(simulator) == []


def test_what_twilio_has_cannot_be_canceled_any_more(sending: WorkerRuntime) -> None:
    message_id = sending.base.accepting.accept(a_send())
    drain(sending)
    with pytest.raises(NotAllowed, match="accepted"):
        sending.base.canceling.cancel(message_id, "default")


def test_messages_of_a_service_that_is_no_longer_configured_are_kept(
    sending: WorkerRuntime, make_runtime: RuntimeMaker
) -> None:
    message_id = sending.base.accepting.accept(a_send())
    other = make_runtime(
        f'[services.other]\nmessaging_service_sid = "{SERVICE_SID}"\n', TWILIO_MESSAGING_SERVICE_SID=None
    )
    other.lane.run(DEFAULT)
    assert show(sending, message_id)["status"] == "pending"


def test_a_message_that_no_key_opens_waits_and_holds_nobody_up(
    sending: WorkerRuntime, make_runtime: RuntimeMaker, simulator: Simulator, clock: ManualClock
) -> None:
    unreadable = sending.base.accepting.accept(a_send())
    rotated = make_runtime(MESSAGING_ENCRYPTION_KEYS=Fernet.generate_key().decode())
    readable = rotated.base.accepting.accept(a_send())
    drain(rotated)
    assert show(sending, readable)["status"] == "accepted"
    waiting = show(sending, unreadable)
    assert (waiting["status"], waiting["attempts"]) == ("pending", [])
    assert "MESSAGING_ENCRYPTION_KEYS" in waiting["reason"]
    clock.advance(61)
    drain(sending)
    assert show(sending, unreadable)["status"] == "accepted"
    assert len(creates(simulator)) == 2
