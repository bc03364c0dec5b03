"""Refusals that would meet every message: the service is held, and nothing turns into a failure."""

import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.deliver.supply import Batch
from messaging_pipeline.follow.apply_evidence import Evidence
from messaging_pipeline.ids import MessageId, ServiceKey
from messaging_pipeline.services import steer
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.simulators import QUICK_SERVICE, RuntimeMaker
from tests.support.delivering import DEFAULT, creates, drain, run_lanes, show
from tests.support.factories import a_send

UNREGISTERED = 30034
ANOTHER = ServiceKey("another")
TWO_SERVICES = QUICK_SERVICE + '\n[services.another]\nfrom_number = "+15005550006"\nsegments_per_second = 2000\n'


def resumed(runtime: WorkerRuntime, service: ServiceKey = DEFAULT) -> None:
    steer.resume(runtime.base.pool, service, runtime.base.clock.now())
    runtime.base.board.forget()


def a_batch(runtime: WorkerRuntime) -> Batch:
    """Claim a batch once the bucket, which begins empty, has tokens."""
    while (batch := runtime.lane.supply.next_batch(DEFAULT)) is None:
        pass
    return batch


def statuses(runtime: WorkerRuntime, ids: list[MessageId]) -> dict[str, int]:
    return runtime.base.tracing.count_by_status(ids)


def test_a_wrong_token_turns_no_message_into_a_failure(make_runtime: RuntimeMaker, simulator: Simulator) -> None:
    wrong = make_runtime(TWILIO_AUTH_TOKEN="not-the-token-of-this-account")
    ids = [wrong.base.accepting.accept(a_send(to=f"+1415{2_000_000 + number}")) for number in range(100)]
    run_lanes(wrong)
    assert statuses(wrong, ids) == {"pending": 100}
    assert len(creates(simulator)) == 1
    standing = wrong.base.board.standing(DEFAULT)
    assert (standing.state, standing.error_code) == ("held", 20003)
    assert standing.reason is not None
    assert standing.reason.startswith("Twilio did not accept the credentials")


def test_releasing_the_hold_continues_where_it_stopped(make_runtime: RuntimeMaker, simulator: Simulator) -> None:
    wrong = make_runtime(TWILIO_AUTH_TOKEN="not-the-token-of-this-account")
    ids = [wrong.base.accepting.accept(a_send(to=f"+1415{2_000_000 + number}")) for number in range(30)]
    run_lanes(wrong)
    mended = make_runtime()
    run_lanes(mended)
    assert statuses(mended, ids) == {"pending": 30}
    resumed(mended)
    drain(mended)
    assert statuses(mended, ids) == {"accepted": 30}
    assert sum(create["created"] for create in creates(simulator)) == 30


def test_the_message_that_met_the_refusal_keeps_its_budget(make_runtime: RuntimeMaker) -> None:
    wrong = make_runtime(TWILIO_AUTH_TOKEN="not-the-token-of-this-account")
    message_id = wrong.base.accepting.accept(a_send())
    run_lanes(wrong)
    shown = show(wrong, message_id)
    assert [one["outcome"] for one in shown["attempts"]] == ["not_sent"]
    assert shown["retries"] == 0


def test_a_held_service_holds_up_no_other(make_runtime: RuntimeMaker) -> None:
    runtime = make_runtime(TWO_SERVICES)
    with runtime.base.pool.connection() as connection:
        steer.hold(connection, DEFAULT, "a test", 20003, runtime.base.clock.now())
    runtime.base.board.forget()
    waiting = runtime.base.accepting.accept(a_send())
    going = runtime.base.accepting.accept(a_send(service=ANOTHER))
    run_lanes(runtime, rounds=5)
    drain(runtime, ANOTHER)
    assert show(runtime, waiting)["status"] == "pending"
    assert show(runtime, going)["status"] == "queued"


def test_an_unregistered_sender_is_heard_of_by_callback_and_the_message_waits_for_the_mending(
    sending: WorkerRuntime, clock: ManualClock
) -> None:
    message_id = sending.base.accepting.accept(a_send())
    drain(sending)
    report = Evidence(
        message_id, "default", str(show(sending, message_id)["sid"]), "undelivered", UNREGISTERED, clock.now(), 1
    )
    sending.following.apply([report])
    sending.base.board.forget()
    assert sending.base.board.standing(DEFAULT).state == "held"
    assert show(sending, message_id)["status"] == "pending"
    resumed(sending)
    drain(sending)
    assert [one["outcome"] for one in show(sending, message_id)["attempts"]] == ["accepted", "accepted"]


def test_a_sender_that_the_message_named_is_its_own_fault(sending: WorkerRuntime) -> None:
    not_in_the_pool = "+15005550007"
    message_id = sending.base.accepting.accept(a_send(from_=not_in_the_pool))
    drain(sending)
    assert show(sending, message_id)["status"] == "failed"
    assert sending.base.board.standing(DEFAULT).state == "on"


@pytest.mark.parametrize("state", ["paused", "held"])
def test_a_lane_that_is_under_way_stops_before_its_next_message(make_runtime: RuntimeMaker, state: str) -> None:
    runtime = make_runtime()
    ids = [runtime.base.accepting.accept(a_send(to=f"+1415{2_000_000 + number}")) for number in range(20)]
    batch = a_batch(runtime)
    now = runtime.base.clock.now()
    with runtime.base.pool.connection() as connection:
        steer.hold(connection, DEFAULT, "a test", None, now)
    if state == "paused":
        steer.resume(runtime.base.pool, DEFAULT, now)
        steer.pause(runtime.base.pool, DEFAULT, now)
    runtime.base.board.forget()
    with runtime.lane.new_book(None) as book, runtime.lane.lines.one_of(batch.messages[0].tenant) as line:
        assert not runtime.lane._send_all(book, batch, line)
    assert statuses(runtime, ids) == {"pending": 20}


def test_a_worker_that_stops_gives_back_what_it_has_not_started(make_runtime: RuntimeMaker) -> None:
    runtime = make_runtime()
    ids = [runtime.base.accepting.accept(a_send(to=f"+1415{2_000_000 + number}")) for number in range(20)]
    batch = a_batch(runtime)
    runtime.lane.stopping.set()
    with runtime.lane.new_book(None) as book, runtime.lane.lines.one_of(batch.messages[0].tenant) as line:
        assert not runtime.lane._send_all(book, batch, line)
    assert statuses(runtime, ids) == {"pending": 20}
    assert show(runtime, ids[0])["reason"] == "the worker stops"
    another = make_runtime()
    drain(another)
    assert statuses(another, ids) == {"accepted": 20}


def test_a_limit_at_twilio_slows_the_account_down_and_quiet_time_brings_it_back(
    sending: WorkerRuntime, clock: ManualClock
) -> None:
    always_429 = "+15005551026"
    sending.base.accepting.accept(a_send(to=always_429))
    run_lanes(sending, rounds=5)
    sending.base.board.forget()
    slowed = sending.base.board.standing(DEFAULT)
    assert slowed.segments_per_second == slowed.configured_segments_per_second / 2
    clock.advance(200)
    assert sending.base.board.standing(DEFAULT).factor == 1.0
