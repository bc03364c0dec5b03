"""Limits on money and countries: exact however many lanes send, and given back when nothing was sent."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import psycopg
import pytest

from messaging_pipeline import InvalidInput
from messaging_pipeline.clock import ManualClock
from messaging_pipeline.deliver.claims import ClaimedMessage, Wanted, claim_due
from messaging_pipeline.deliver.till import allowance_now
from messaging_pipeline.ids import MessageId
from messaging_pipeline.messages.state_machine import Status
from messaging_pipeline.reconcile.out_of_time import WayOut, leave_doubt
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.twilio_api.outcome import Fault, Refused
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.simulators import QUICK_SERVICE, RuntimeMaker
from tests.support.delivering import DEFAULT, creates, drain, run_lanes, show
from tests.support.factories import a_send
from tests.support.metric_deltas import Counting
from tests.support.racing import at_once

PRICED = QUICK_SERVICE + '[prices]\nunit = "USD"\nto.US = { segment = 0.25, mms = 0.5 }\n'
A_DOLLAR = PRICED + "[tenants.default.spend]\nper_day = 1\n"
THREE_AN_HOUR = QUICK_SERVICE + "[tenants.default.countries.caps.US]\nper_hour = 3\n"
REFUSED_AT_ONCE = "+15005550001"
ANSWER_LOST = "+15005551021"
BRITON = "+447400123456"


@pytest.fixture
def database(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True, options="-c timezone=UTC") as connection:
        yield connection


def accept(runtime: WorkerRuntime, count: int = 1, **send: Any) -> list[MessageId]:
    return [runtime.base.accepting.accept(a_send(**send)) for _ in range(count)]


def sent(runtime: WorkerRuntime, count: int = 1, **send: Any) -> list[MessageId]:
    """Hand messages over, and let go what may."""
    ids = accept(runtime, count, **send)
    drain(runtime)
    return ids


def claimed(runtime: WorkerRuntime) -> ClaimedMessage:
    now = runtime.base.clock.now()
    (message,) = claim_due(runtime.base.pool, Wanted(DEFAULT, 1), now=now, lease_until=now + timedelta(seconds=60))
    return message


def statuses(runtime: WorkerRuntime, ids: list[MessageId]) -> list[str]:
    return [show(runtime, one)["status"] for one in ids]


def used(database: psycopg.Connection) -> dict[str, float]:
    """What every meter shows, by tenant and name."""
    rows = database.execute("select tenant, meter, used from meters order by begins_at").fetchall()
    return {f"{tenant}/{meter}": float(amount) for tenant, meter, amount in rows}


def drawn(database: psycopg.Connection) -> int:
    row = database.execute("select count(*) from meter_draws").fetchone()
    assert row is not None
    return int(row[0])


def test_what_there_is_no_money_for_waits_for_the_next_day(
    make_runtime: RuntimeMaker, simulator: Simulator, database: psycopg.Connection, clock: ManualClock
) -> None:
    runtime = make_runtime(A_DOLLAR)
    cost = Counting("messaging_estimated_cost_total", service="default")
    ids = sent(runtime, 5)
    assert sorted(statuses(runtime, ids)) == ["accepted"] * 4 + ["pending"]
    assert used(database) == {"default/spend:day": 1.0}
    (waiting,) = [shown for one in ids if (shown := show(runtime, one))["status"] == "pending"]
    assert waiting["reason"] == (
        "limit reached: the tenant may spend 1 USD a day; there is room again from 2026-11-24 00:00 UTC"
    )
    assert (waiting["attempts"], len(creates(simulator)), cost.count) == ([], 4, 1.0)
    clock.advance(12 * 3600)
    drain(runtime)
    assert (statuses(runtime, ids), len(creates(simulator))) == (["accepted"] * 5, 5)
    assert used(database) == {"default/spend:day": 0.25}


def test_what_there_is_no_money_for_is_rejected_where_the_cap_says_so_and_may_fall_back(
    make_runtime: RuntimeMaker, simulator: Simulator
) -> None:
    runtime = make_runtime(A_DOLLAR + "when_reached = 'refuse'\n")
    sent(runtime, 4)
    (message_id,) = sent(runtime, fallback=[{"channel": "email", "to": "ada@example.com"}])
    shown = show(runtime, message_id)
    assert (shown["status"], shown["attempts"], len(creates(simulator))) == ("rejected", [], 4)
    assert [step["cause"] for step in shown["fallback"]] == ["rejected"]


def test_media_cost_what_media_cost(make_runtime: RuntimeMaker, database: psycopg.Connection) -> None:
    runtime = make_runtime(A_DOLLAR)
    sent(runtime, 3, media_urls=["https://example.com/menu.png"])
    assert used(database) == {"default/spend:day": 1.0}


def test_a_refused_create_costs_nothing_and_a_lost_answer_does(
    make_runtime: RuntimeMaker, database: psycopg.Connection
) -> None:
    runtime = make_runtime(A_DOLLAR)
    assert statuses(runtime, sent(runtime, 3, to=REFUSED_AT_ONCE)) == ["failed"] * 3
    assert (used(database), drawn(database)) == ({"default/spend:day": 0.0}, 0)
    (doubtful,) = sent(runtime, to=ANSWER_LOST)
    assert (statuses(runtime, [doubtful]), used(database)) == (["unconfirmed"], {"default/spend:day": 0.25})
    runtime.base.resolving.not_sent(doubtful, "default")
    assert (used(database), drawn(database)) == ({"default/spend:day": 0.0}, 0)


def test_what_twilio_turns_away_is_given_back_and_drawn_again(
    make_runtime: RuntimeMaker, database: psycopg.Connection
) -> None:
    nowhere = make_runtime(A_DOLLAR, TWILIO_API_BASE_URL="http://127.0.0.1:9")
    (message_id,) = accept(nowhere)
    run_lanes(nowhere, rounds=3)
    assert statuses(nowhere, [message_id]) == ["pending"]
    assert (used(database), drawn(database)) == ({"default/spend:day": 0.0}, 0)


def test_many_lanes_do_not_spend_a_cent_more(
    make_runtime: RuntimeMaker, simulator: Simulator, database: psycopg.Connection
) -> None:
    first, second = make_runtime(A_DOLLAR), make_runtime(A_DOLLAR)
    ids = accept(first, 20)
    at_once([partial(run_lanes, runtime, rounds=10) for runtime in (first, second, first, second)])
    assert sorted(statuses(first, ids)) == ["accepted"] * 4 + ["pending"] * 16
    assert (len(creates(simulator)), used(database), drawn(database)) == (4, {"default/spend:day": 1.0}, 4)


def test_a_worker_killed_with_the_claim_in_hand_has_spent_nothing(
    make_runtime: RuntimeMaker, database: psycopg.Connection, clock: ManualClock
) -> None:
    runtime = make_runtime(A_DOLLAR)
    (message_id,) = accept(runtime)
    claimed(runtime)
    assert used(database) == {}
    clock.advance(61)
    runtime.sweep.run()
    drain(runtime)
    assert (statuses(runtime, [message_id]), used(database)) == (["accepted"], {"default/spend:day": 0.25})


def test_a_worker_killed_with_the_request_under_way_may_have_spent_it(
    make_runtime: RuntimeMaker, database: psycopg.Connection, clock: ManualClock
) -> None:
    runtime = make_runtime(A_DOLLAR)
    (message_id,) = accept(runtime)
    message = claimed(runtime)
    assert runtime.lane.new_book(None).open(message, allowance_now(runtime.base.configuration, message, clock.now()))
    clock.advance(61)
    runtime.sweep.run()
    assert (statuses(runtime, [message_id]), used(database)) == (["unconfirmed"], {"default/spend:day": 0.25})


def test_a_late_refusal_of_an_attempt_that_another_has_replaced_is_given_back(
    make_runtime: RuntimeMaker, database: psycopg.Connection, clock: ManualClock
) -> None:
    runtime = make_runtime(A_DOLLAR)
    (message_id,) = accept(runtime)
    message, book = claimed(runtime), runtime.lane.new_book(None)
    attempt = book.open(message, allowance_now(runtime.base.configuration, message, clock.now()))
    assert attempt is not None
    clock.advance(61)
    runtime.sweep.run()
    again = WayOut(Status.PENDING, "policy", "it is sent again")
    with runtime.base.pool.connection() as connection:
        leave_doubt(connection, message.tenant, message_id, attempt.number, again, clock.now())
    drain(runtime)
    assert used(database) == {"default/spend:day": 0.5}
    book.answer(attempt, Refused(21211, 400, Fault.RECIPIENT, "no such number"), 0.1)
    book.close()
    assert (statuses(runtime, [message_id]), used(database)) == (["accepted"], {"default/spend:day": 0.25})


def test_a_burst_to_one_country_is_stopped_and_the_others_go_on(
    make_runtime: RuntimeMaker, simulator: Simulator, clock: ManualClock
) -> None:
    runtime = make_runtime(THREE_AN_HOUR)
    ids = sent(runtime, 5)
    (briton,) = sent(runtime, to=BRITON)
    assert statuses(runtime, [*ids, briton]).count("accepted") == 4
    assert (len(creates(simulator, BRITON)), len(creates(simulator))) == (1, 4)
    clock.advance(3600)
    drain(runtime)
    assert statuses(runtime, ids) == ["accepted"] * 5


def test_what_waits_for_a_country_uses_up_nobodys_tokens(make_runtime: RuntimeMaker, simulator: Simulator) -> None:
    sent(make_runtime(THREE_AN_HOUR), 3)
    slow = make_runtime(THREE_AN_HOUR.replace("= 2000", "= 0.001").replace("segments = 40", "segments = 2"))
    accept(slow, 5)
    accept(slow, to=BRITON)
    run_lanes(slow, rounds=5)
    assert len(creates(simulator, BRITON)) == 1


def test_a_country_that_is_not_allowed_is_refused_at_the_door_and_again_before_it_leaves(
    make_runtime: RuntimeMaker, simulator: Simulator
) -> None:
    open_to_all = make_runtime()
    (message_id,) = accept(open_to_all, to=BRITON)
    closed = make_runtime(QUICK_SERVICE + '[tenants.default.countries]\nallowed = ["US"]\n')
    with pytest.raises(InvalidInput) as refusal:
        accept(closed, to=BRITON)
    assert (refusal.value.field, refusal.value.reason) == ("gate:country", "the tenant does not write to GB")
    drain(closed)
    assert (statuses(closed, [message_id]), creates(simulator)) == (["rejected"], [])


def test_a_message_whose_price_nobody_knows_is_refused_at_the_door_and_again_before_it_leaves(
    make_runtime: RuntimeMaker, simulator: Simulator
) -> None:
    (message_id,) = accept(make_runtime(), media_urls=["https://example.com/menu.png"])
    runtime = make_runtime(A_DOLLAR.replace(", mms = 0.5", ""))
    with pytest.raises(InvalidInput, match="gate:spend"):
        accept(runtime, media_urls=["https://example.com/menu.png"])
    with pytest.raises(InvalidInput, match="gate:spend"):
        accept(runtime, to=BRITON)
    drain(runtime)
    assert (statuses(runtime, [message_id]), creates(simulator)) == (["rejected"], [])


def test_explaining_looks_at_what_is_used(make_runtime: RuntimeMaker) -> None:
    runtime = make_runtime(A_DOLLAR)
    sent(runtime, 3)
    found = runtime.base.explaining.explain(a_send())
    assert (found["estimated_cost"], found["price_unit"], found["verdict"]) == ("0.25", "USD", "warns")
    found = runtime.base.explaining.explain(a_send(body="x" * 161))
    assert (found["estimated_cost"], found["verdict"]) == ("0.50", "waits")
    assert f"{found['next_allowed_at']:%m-%d %H:%M}" == "11-24 00:00"
