"""The order of going out: priorities, conversations, daily caps, and the account's own limit."""

from datetime import timedelta

import pytest

from messaging_pipeline.accept.request import PRIORITY_RANKS
from messaging_pipeline.clock import ManualClock
from messaging_pipeline.deliver.claims import Wanted, claim_due
from messaging_pipeline.deliver.coming_again import come_again
from messaging_pipeline.deliver.supply import Batch
from messaging_pipeline.errors import InvalidInput
from messaging_pipeline.follow.apply_evidence import Evidence
from messaging_pipeline.ids import MessageId, TenantKey
from messaging_pipeline.pacing.daily_cap import cap_day
from messaging_pipeline.pacing.slots import Slots
from messaging_pipeline.services import steer
from messaging_pipeline.services.lines import Lines
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.simulators import QUICK_SERVICE, RuntimeMaker
from tests.support.delivering import DEFAULT, creates, drain, run_lanes, show
from tests.support.factories import ACCOUNT_SID, SERVICE_SID, a_send

ONE_AT_A_TIME = f"""
[services.default]
messaging_service_sid = "{SERVICE_SID}"
segments_per_second = 2000
burst_segments = 1
"""
CAPPED = QUICK_SERVICE + 'daily_cap = "brand"\n\n[caps.brand]\nsegments_per_day = 5\nreset_hour = 0\n'
LIMITED = QUICK_SERVICE + "\n[tenants.default]\napi_concurrency = 1\n"


def number(position: int) -> str:
    return f"+1415{2_000_000 + position}"


def accepted(runtime: WorkerRuntime, count: int, *, first: int = 0, **send: object) -> list[MessageId]:
    return [runtime.base.accepting.accept(a_send(to=number(first + position), **send)) for position in range(count)]


def order_at_twilio(simulator: Simulator) -> list[int]:
    """The positions of the recipients in the order in which their creates came."""
    return [int(create["to"].removeprefix("+1415")) - 2_000_000 for create in creates(simulator)]


def test_high_goes_before_normal_before_bulk_and_a_tenth_is_bulks(
    make_runtime: RuntimeMaker, simulator: Simulator, clock: ManualClock
) -> None:
    runtime = make_runtime(ONE_AT_A_TIME)
    for rank, priority in enumerate(PRIORITY_RANKS):
        for position in range(30):
            accepted(runtime, 1, first=100 * rank + position, priority=priority)
            clock.advance(0.001)
    drain(runtime)
    order = order_at_twilio(simulator)
    bulk_positions = [position for position, to in enumerate(order) if to >= 200]
    assert bulk_positions[:3] == [9, 19, 29]
    others = [to for to in order if to < 200]
    assert others == sorted(others)


def test_parts_of_a_conversation_leave_in_order_whatever_their_priority(
    make_runtime: RuntimeMaker, simulator: Simulator
) -> None:
    runtime = make_runtime()
    for position, priority in enumerate(["bulk", "high", "normal", "high"]):
        accepted(runtime, 1, first=position, priority=priority, sequence="chat-1")
    drain(runtime)
    assert order_at_twilio(simulator) == [0, 1, 2, 3]


def test_a_conversation_holds_up_nobody_else(make_runtime: RuntimeMaker, simulator: Simulator) -> None:
    runtime = make_runtime()
    later = runtime.base.clock.now() + timedelta(hours=1)
    first, second = accepted(runtime, 1, sequence="a", send_at=later), accepted(runtime, 1, first=1, sequence="a")
    others = accepted(runtime, 5, first=10) + accepted(runtime, 2, first=20, sequence="b")
    drain(runtime)
    assert sorted(order_at_twilio(simulator)) == [10, 11, 12, 13, 14, 20, 21]
    assert runtime.base.tracing.count_by_status([*first, *second]) == {"pending": 2}
    assert runtime.base.tracing.count_by_status(others) == {"accepted": 7}


def test_the_next_part_waits_while_the_one_before_is_in_doubt_but_not_for_ever(
    make_runtime: RuntimeMaker, clock: ManualClock
) -> None:
    answer_lost = "+15005551021"
    runtime = make_runtime()
    doubtful = runtime.base.accepting.accept(a_send(to=answer_lost, sequence="a"))
    (following,) = accepted(runtime, 1, sequence="a")
    drain(runtime)
    runtime.sweep.run()
    drain(runtime)
    assert show(runtime, doubtful)["status"] == "unconfirmed"
    assert show(runtime, following)["status"] == "pending"
    clock.advance(121)
    runtime.sweep.run()
    drain(runtime)
    assert show(runtime, following)["status"] == "accepted"


def test_evidence_about_the_part_in_doubt_lets_the_next_one_go(make_runtime: RuntimeMaker, clock: ManualClock) -> None:
    runtime = make_runtime()
    doubtful = runtime.base.accepting.accept(a_send(to="+15005551021", sequence="a"))
    (following,) = accepted(runtime, 1, sequence="a")
    drain(runtime)
    runtime.following.apply([Evidence(doubtful, "default", "SM" + "1" * 32, "sent", None, clock.now(), 1)])
    drain(runtime)
    assert show(runtime, following)["status"] == "accepted"


@pytest.mark.parametrize("end", ["refused", "canceled", "expired"])
def test_a_part_that_ends_without_leaving_lets_the_next_one_go(
    make_runtime: RuntimeMaker, clock: ManualClock, end: str
) -> None:
    runtime = make_runtime()
    first = a_send(to="+15005550001" if end == "refused" else number(0), sequence="a")
    if end != "refused":
        first |= {"send_at": clock.now() + timedelta(hours=1), "expires_at": clock.now() + timedelta(hours=2)}
    ended = runtime.base.accepting.accept(first)
    (following,) = accepted(runtime, 1, first=1, sequence="a")
    if end == "canceled":
        runtime.base.canceling.cancel(ended, TenantKey("default"))
    clock.advance(7201)
    runtime.sweep.run()
    drain(runtime)
    assert show(runtime, following)["status"] == "accepted"


def test_a_daily_cap_is_kept_and_the_rest_goes_the_next_day(
    make_runtime: RuntimeMaker, simulator: Simulator, clock: ManualClock
) -> None:
    runtime = make_runtime(CAPPED)
    ids = accepted(runtime, 8)
    run_lanes(runtime)
    assert runtime.base.tracing.count_by_status(ids) == {"accepted": 5, "pending": 3}
    clock.advance(20 * 3600)  # past midnight in Los Angeles
    drain(runtime)
    assert runtime.base.tracing.count_by_status(ids) == {"accepted": 8}
    assert len(creates(simulator)) == 8


def test_what_twilio_turned_away_does_not_count_towards_the_cap(make_runtime: RuntimeMaker, clock: ManualClock) -> None:
    throttled_once = "+15005551025"
    runtime = make_runtime(CAPPED)
    turned_away = runtime.base.accepting.accept(a_send(to=throttled_once))
    others = accepted(runtime, 4)
    run_lanes(runtime)
    clock.advance(300)
    run_lanes(runtime)
    assert runtime.base.tracing.count_by_status([turned_away, *others]) == {"accepted": 5}


def test_what_twilio_refused_for_good_does_not_count_towards_the_cap(make_runtime: RuntimeMaker) -> None:
    runtime = make_runtime(CAPPED)
    refused = [runtime.base.accepting.accept(a_send(to="+15005550001")) for _ in range(3)]
    others = accepted(runtime, 5)
    drain(runtime)
    assert runtime.base.tracing.count_by_status([*refused, *others]) == {"failed": 3, "accepted": 5}


@pytest.mark.parametrize("then", ["open", "refuse", "come again"])
def test_what_was_canceled_in_a_workers_hands_does_not_count_towards_the_cap(
    make_runtime: RuntimeMaker, clock: ManualClock, then: str
) -> None:
    runtime = make_runtime(CAPPED)
    supply, now = runtime.lane.supply, clock.now()
    (withdrawn,) = accepted(runtime, 1)
    wanted = Wanted(DEFAULT, 1, cap=cap_day(runtime.base.configuration, DEFAULT, now))
    (message,) = claim_due(runtime.base.pool, wanted, now=now, lease_until=now + supply.lease)
    runtime.base.canceling.cancel(withdrawn, TenantKey("default"))
    with runtime.lane.new_book(wanted.cap) as book:
        if then == "open":
            assert book.open(message) is None
        elif then == "refuse":
            book.refuse(message, "not allowed")
        else:
            come_again(supply, book, Batch(DEFAULT, [message], 0.0, wanted.cap), message, "not now")
    others = accepted(runtime, 5, first=1)
    drain(runtime)
    assert runtime.base.tracing.count_by_status([withdrawn, *others]) == {"canceled": 1, "accepted": 5}


def test_an_account_never_has_more_requests_under_way_than_it_may(make_runtime: RuntimeMaker) -> None:
    runtime = make_runtime(LIMITED)
    assert runtime.base.configuration.tenants["default"].account_sid == ACCOUNT_SID
    ids = accepted(runtime, 3)
    lines = runtime.lane.lines
    with lines.one_of(TenantKey("default")) as first:
        assert not first.held  # nobody knows who holds the line before its lease has run out once
    runtime.lane.run(DEFAULT)
    assert runtime.base.tracing.count_by_status(ids) == {"pending": 3}


def test_a_line_that_was_given_back_is_the_next_ones(make_runtime: RuntimeMaker, redis_url: str) -> None:
    runtime, tenant = make_runtime(LIMITED), TenantKey("default")
    slots = Slots(runtime.base.redis, "account:default", 1, lease_seconds=0.1)
    lines = Lines({tenant: slots}, runtime.base.configuration, runtime.base.board)
    while not slots.take("somebody") or not slots.give_back("somebody"):
        pass  # the memory is young
    with lines.one_of(tenant) as first, lines.one_of(tenant) as second:
        assert (first.held, second.held) == (True, False)
        assert second.wait_seconds > 0
    with lines.one_of(tenant) as third:
        assert third.is_held()


def test_a_drained_service_sends_what_it_has_and_accepts_nothing_new(
    sending: WorkerRuntime, clock: ManualClock
) -> None:
    ids = accepted(sending, 3)
    steer.drain(sending.base.pool, DEFAULT, clock.now())
    sending.base.board.forget()
    with pytest.raises(InvalidInput, match="is drained and accepts nothing new"):
        sending.base.accepting.accept(a_send())
    drain(sending)
    assert sending.base.tracing.count_by_status(ids) == {"accepted": 3}
