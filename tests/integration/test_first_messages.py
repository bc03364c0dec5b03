"""The first message that a service sends to somebody tells how to opt out, whoever hands over how many at once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.db.queries import sql
from messaging_pipeline.errors import InvalidInput
from messaging_pipeline.follow.apply_evidence import Evidence
from messaging_pipeline.ids import MessageId
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.simulators import QUICK_SERVICE, RuntimeMaker
from tests.support.delivering import creates, drain, show
from tests.support.factories import RECIPIENT, a_send
from tests.support.metric_deltas import Counting
from tests.support.racing import wait_for_waiters

OPT_OUT = "Reply STOP to opt out"
POLICY = f'{QUICK_SERVICE}[services.default.first_message]\nopt_out_text = "{OPT_OUT}"\n'
OTHERS = """
[services.news]
from_number = "+12065550100"
[services.news.first_message]
opt_out_text = "Reply STOP to opt out"
"""
ACME = f"""
[tenants.acme]
account_sid = "AC{"c" * 32}"
auth_token = "env:ACME_AUTH_TOKEN"
[services.acme-news]
tenant = "acme"
from_number = "+12065550101"
[services.acme-news.first_message]
opt_out_text = "Reply STOP to opt out"
"""
_PATIENCE_SECONDS = 60
ANGELENO = "+13105550123"


@pytest.fixture
def telling(make_runtime: RuntimeMaker) -> WorkerRuntime:
    """A runtime whose services append the opt-out text."""
    return make_runtime(POLICY + OTHERS + ACME)


def accept(runtime: WorkerRuntime, **send: Any) -> MessageId:
    return runtime.base.accepting.accept(a_send(**send))


def body_of(runtime: WorkerRuntime, message_id: MessageId) -> str:
    with runtime.base.pool.connection() as connection:
        row = connection.execute("select content from messages where id = %s", [message_id]).fetchone()
    assert row is not None
    return str(runtime.base.sealer.unseal(row[0])["body"])


def tells(runtime: WorkerRuntime, *ids: MessageId) -> list[bool]:
    return [body_of(runtime, one).endswith(f"\n{OPT_OUT}") for one in ids]


def end(runtime: WorkerRuntime, clock: ManualClock, message_id: MessageId, status: str, code: int | None) -> None:
    sid = str(show(runtime, message_id)["sid"])
    runtime.following.apply([Evidence(message_id, "default", sid, status, code, clock.now(), 1)])


def test_the_first_message_has_the_opt_out_text_and_weighs_what_it_does_and_later_ones_have_not(
    telling: WorkerRuntime, simulator: Simulator
) -> None:
    first, second = (accept(telling, body="x" * 150) for _ in range(2))
    assert tells(telling, first, second) == [True, False]
    assert [show(telling, one)["segments"] for one in (first, second)] == [2, 1]
    drain(telling)
    assert [row["segments"] for row in creates(simulator)] == [2, 1]


def test_what_the_opt_out_text_costs_counts_at_the_door(make_runtime: RuntimeMaker) -> None:
    prices = '[prices]\nunit = "USD"\nto.US = { segment = 0.6 }\n[tenants.default.spend]\nper_day = 1\n'
    telling = make_runtime(POLICY + prices)
    with pytest.raises(InvalidInput) as refusal:
        accept(telling, body="x" * 150, idempotency_key="offer")
    assert (refusal.value.field, telling.base.tracing.messages(tenant="default")) == ("gate:spend", [])
    explained = telling.base.explaining.explain(a_send(body="x" * 150))
    assert (explained["verdict"], explained["estimated_cost"]) == ("refused", "1.2")
    assert tells(telling, accept(telling, body="x" * 100)) == [True]


def test_of_many_that_are_handed_over_at_once_one_is_the_first(telling: WorkerRuntime, database_url: str) -> None:
    ids: list[MessageId] = []
    with psycopg.connect(database_url) as turn, psycopg.connect(database_url, autocommit=True) as observer:
        turn.execute(sql("lock_introductions"), {"keys": [f"default/default/{RECIPIENT}"]})
        with ThreadPoolExecutor(3) as threads:
            done = [threads.submit(lambda: ids.append(accept(telling))) for _ in range(3)]
            wait_for_waiters(observer, 3)
            turn.rollback()
            for one in done:
                one.result(_PATIENCE_SECONDS)
    assert sorted(tells(telling, *ids)) == [False, False, True]


def test_in_a_batch_each_person_is_told_once(telling: WorkerRuntime) -> None:
    batch = [a_send(), a_send(to=ANGELENO), a_send(), a_send(to=ANGELENO)]
    ids = telling.from_broker.send_many(batch, {}, "3c0f0a52-0f4c-4a55-9d0f-2f8a4f4f5a11")
    assert tells(telling, *ids) == [True, True, False, False]


def test_each_service_and_each_tenant_tells_for_itself(telling: WorkerRuntime) -> None:
    ours, news = accept(telling), accept(telling, service="news")
    theirs = accept(telling, tenant="acme", service="acme-news")
    assert tells(telling, ours, news, theirs) == [True, True, True]


@pytest.mark.parametrize(("status", "code"), [("failed", 30008), ("undelivered", 30006)])
def test_one_that_did_not_arrive_has_told_nobody(
    telling: WorkerRuntime, clock: ManualClock, status: str, code: int
) -> None:
    first = accept(telling)
    drain(telling)
    end(telling, clock, first, status, code)
    assert tells(telling, accept(telling), accept(telling)) == [True, False]


def test_one_that_was_withdrawn_has_told_nobody(telling: WorkerRuntime) -> None:
    telling.base.canceling.cancel(accept(telling), "default")
    assert tells(telling, accept(telling)) == [True]


@pytest.mark.parametrize(
    ("earlier", "later", "told"),
    [
        pytest.param({"send_at": "2026-11-23T18:00:00Z"}, {}, True, id="one that overtakes a scheduled one"),
        pytest.param({"priority": "bulk"}, {"priority": "high"}, True, id="one that overtakes by priority"),
        pytest.param({}, {"send_at": "2026-11-23T18:00:00Z"}, False, id="one that comes after it"),
    ],
)
def test_whichever_arrives_first_tells(telling: WorkerRuntime, earlier: dict, later: dict, told: bool) -> None:
    first, second = accept(telling, **earlier), accept(telling, **later)
    assert tells(telling, first, second) == [True, told]


def test_a_code_needs_no_opt_out_text_and_does_not_count_as_the_first_message(telling: WorkerRuntime) -> None:
    code = accept(telling, body="Your code is 4711", tags={"intent": "otp"})
    assert tells(telling, code, accept(telling)) == [False, True]


def test_a_text_that_tells_by_itself_is_left_alone_and_counts(telling: WorkerRuntime) -> None:
    first = accept(telling, body="Half price! Text STOP to end")
    second = accept(telling)
    assert [body_of(telling, one) for one in (first, second)] == [
        "Half price! Text STOP to end",
        "Your table is ready.",
    ]


def test_media_without_a_text_get_one(telling: WorkerRuntime) -> None:
    picture = accept(telling, body=None, media_urls=["https://example.com/a.png"])
    assert (body_of(telling, picture), show(telling, picture)["segments"]) == (OPT_OUT, 1)


def test_a_repeat_is_known_by_what_was_asked(telling: WorkerRuntime) -> None:
    first = accept(telling, idempotency_key="order-1")
    assert accept(telling, idempotency_key="order-1") == first
    assert tells(telling, first) == [True]


def test_a_text_with_no_room_for_it_is_refused_and_nothing_is_written(telling: WorkerRuntime) -> None:
    with pytest.raises(InvalidInput, match="gate:first_message"):
        accept(telling, body="x" * 1600)
    assert telling.base.tracing.messages(tenant="default") == []


def test_it_is_blocked_where_that_is_wanted_and_by_the_broker_only_the_one_that_does_not_say_it(
    make_runtime: RuntimeMaker,
) -> None:
    runtime = make_runtime(POLICY + 'when_missing = "block"\n')
    refused = Counting("messaging_gate_verdicts_total", gate="first_message", outcome="refused")
    with pytest.raises(InvalidInput, match="gate:first_message"):
        accept(runtime)
    assert refused.count == 1
    batch = [a_send(), a_send(to=ANGELENO, body=f"Hello. {OPT_OUT}"), a_send(to=ANGELENO)]
    ids = runtime.from_broker.send_many(batch, {}, "3c0f0a52-0f4c-4a55-9d0f-2f8a4f4f5a12")
    assert runtime.base.tracing.count_by_status(ids) == {"rejected": 1, "pending": 2}


def test_a_repeat_of_one_that_was_let_in_is_not_refused_later(make_runtime: RuntimeMaker, clock: ManualClock) -> None:
    runtime = make_runtime(POLICY + 'when_missing = "block"\n')
    telling = accept(runtime, body=f"Hello. {OPT_OUT}")
    second = accept(runtime, idempotency_key="order-2")
    drain(runtime)
    end(runtime, clock, telling, "failed", 30008)
    with pytest.raises(InvalidInput):
        accept(runtime)
    assert accept(runtime, idempotency_key="order-2") == second


def test_a_warning_stands_in_the_history_until_they_are_told(make_runtime: RuntimeMaker) -> None:
    runtime = make_runtime(POLICY + 'when_missing = "warn"\n')
    warned = Counting("messaging_gate_verdicts_total", gate="first_message", outcome="warns")
    ids = [accept(runtime), accept(runtime), accept(runtime, body=f"Hello. {OPT_OUT}"), accept(runtime)]
    details = [show(runtime, one)["events"][0]["detail"] for one in ids]
    assert [detail is not None and detail.startswith("first_message: ") for detail in details] == [
        True,
        True,
        False,
        False,
    ]
    assert (warned.count, tells(runtime, *ids[:2])) == (2, [False, False])


def test_explaining_weighs_what_would_be_sent_and_writes_nothing(telling: WorkerRuntime) -> None:
    def explained() -> tuple[int, str]:
        found = telling.base.explaining.explain(a_send(body="x" * 150))
        reasons = {one["gate"]: one["reason"] for one in found["gates"]}
        return found["segments"], reasons["first_message"]

    assert explained() == (2, "the recipient has not been told how to opt out yet; the opt-out text is appended")
    assert explained()[0] == 2
    accept(telling)
    assert explained() == (1, "the recipient has been told how to opt out")
