"""Telling others what became of messages: at least once, in order, nobody for nobody else's sake, whatever dies."""

import hmac
import socket
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.errors import InvalidInput
from messaging_pipeline.metrics.state import NOTICES_OLDEST, NOTICES_OPEN
from messaging_pipeline.notices.ledger import LEASE, Ending
from messaging_pipeline.queues import Queue, Task
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.simulators import RuntimeMaker
from tests.support.commands import run_command
from tests.support.factories import RECIPIENT, a_send, environment
from tests.support.followed import sid_of
from tests.support.inbound_cases import hear_text, sid
from tests.support.metric_deltas import Counting
from tests.support.queued import queued, task_in
from tests.support.stand_in import Received, Script, StandIn, answering, never_answering, stand_in
from tests.support.told import HEAD, SECRET, hear, notices, policy, reach, states, statuses, told
from tests.support.two_tenants import ACME_SERVICE

LONGEST_BACK_OFF_SECONDS = 301


class Listener:
    """A receiver whose manners change while it runs."""

    def __init__(self) -> None:
        self.script: Script = answering(204)

    def __call__(self, request: Received, connection: socket.socket) -> bool:
        return self.script(request, connection)


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def receiver(listener: Listener) -> Iterator[StandIn]:
    with stand_in(listener) as it:
        yield it


Telling = Callable[..., WorkerRuntime]
Forget = Callable[[str], None]


@pytest.fixture
def run_forget(database_url: str, redis_url: str) -> Forget:
    given = environment(DATABASE_URL=database_url, REDIS_URL=redis_url)

    def forget(number: str) -> None:
        assert run_command(given, "forget", number).code == 0

    return forget


@pytest.fixture
def telling(make_runtime: RuntimeMaker, receiver: StandIn) -> Telling:
    """Make a runtime that tells the receiver by the policy `orders`."""
    return lambda more="", **keys: make_runtime(HEAD + policy("orders", receiver.url, **keys) + more, DESK=SECRET)


def test_what_became_of_a_message_is_told_in_order_and_signed(telling: Telling, receiver: StandIn) -> None:
    runtime = telling()
    message_id = reach(runtime, "sending", "sent", "delivered", tags={"order": "4711"})
    for _ in range(3):
        runtime.telling.run("orders")
    assert statuses(receiver) == ["sent", "delivered"]
    first, second = told(receiver)
    assert first == {
        "id": first["id"],
        "event": "message.status",
        "at": runtime.base.clock.now().isoformat(),
        "tenant": "default",
        "service": "default",
        "message_id": str(message_id),
        "status": "sent",
        "error_code": None,
        "sid": sid_of(message_id),
        "tags": {"order": "4711"},
    }
    assert first["id"] != second["id"]
    request = receiver.requests[0]
    signed = request.headers["messaging-timestamp"].encode() + b"." + request.body.encode()
    assert request.headers["messaging-signature"] == "v1=" + hmac.digest(SECRET.encode(), signed, "sha256").hex()
    assert request.headers["idempotency-key"] == first["id"]
    assert states(runtime) == ["told", "told"]


def test_a_failure_is_told_with_its_code_and_number_and_text_only_if_wished(
    telling: Telling, receiver: StandIn
) -> None:
    runtime = telling(include=["number", "body"])
    reach(runtime, "undelivered", error_code=30006, to=RECIPIENT, body="Your table is ready.")
    runtime.telling.run("orders")
    (only,) = told(receiver)
    assert (only["status"], only["error_code"]) == ("undelivered", 30006)
    assert (only["number"], only["body"]) == (RECIPIENT, "Your table is ready.")


def test_a_message_that_fails_and_is_tried_again_has_not_failed_for_others(telling: Telling) -> None:
    runtime = telling()
    reach(runtime, "undelivered", error_code=30008)
    assert notices(runtime) == []


def test_who_has_no_policy_for_it_pays_nothing(make_runtime: RuntimeMaker, receiver: StandIn) -> None:
    silent = make_runtime(HEAD)
    reach(silent, "sent", "delivered")
    hear_text(silent, "Hello", sid(1))
    assert notices(silent) == []
    assert [one.name for one in queued_tellers(silent)] == []
    elsewhere = make_runtime(HEAD + policy("orders", receiver.url, services=["offers"]), DESK=SECRET)
    reach(elsewhere, "sent", "delivered")
    assert notices(elsewhere) == []


def queued_tellers(runtime: WorkerRuntime) -> list[object]:
    found = queued(runtime.base.settings.broker_url, Queue.FALLBACK)
    return [one for one in found if one.name == Task.TELL]


def test_a_worker_is_woken_once_by_what_moves_and_by_each_sweep_until_it_is_told(telling: Telling) -> None:
    runtime = telling()
    reach(runtime, "sent", "delivered")
    assert len(queued_tellers(runtime)) == 1
    runtime.telling.bell.begin("orders")
    runtime.sweep.run()
    assert len(queued_tellers(runtime)) == 2
    runtime.telling.run("orders")
    before = len(queued_tellers(runtime))
    runtime.sweep.run()
    assert len(queued_tellers(runtime)) == before


def test_a_message_may_choose_who_hears_of_it(telling: Telling, receiver: StandIn) -> None:
    runtime = telling(policy("shop", receiver.url, services=[], statuses=["delivered"]))
    reach(runtime, "sent", "delivered", tags={"notify": "shop"})
    assert [(name, status) for name, status, *_ in notices(runtime)] == [("shop", "delivered")]
    with pytest.raises(InvalidInput, match="use one of: orders, shop"):
        runtime.base.accepting.accept(a_send(tags={"notify": "shops"}))


def test_what_is_rejected_or_canceled_before_it_leaves_is_told(telling: Telling, receiver: StandIn) -> None:
    runtime = telling()
    runtime.from_broker.send(a_send(to="nobody"), str(uuid4()))
    canceled = runtime.base.accepting.accept(a_send())
    runtime.base.canceling.cancel(canceled, "default")
    runtime.telling.run("orders")
    assert statuses(receiver) == ["rejected", "canceled"]


def test_what_people_write_is_told_and_its_text_lies_nowhere_else(telling: Telling, receiver: StandIn) -> None:
    runtime = telling(inbound=True, include=["number", "body"])
    for _ in range(2):
        hear_text(runtime, "Where is my order?", sid(1))
    runtime.telling.run("orders")
    (only,) = told(receiver)
    assert (only["event"], only["sid"], only["number"], only["body"]) == (
        "message.received", sid(1), RECIPIENT, "Where is my order?",
    )  # fmt: skip
    with runtime.base.pool.connection() as connection:
        ((row,),) = connection.execute("select notices::text from notices").fetchall()
    assert "order?" not in row
    assert RECIPIENT not in row


def test_what_has_gone_by_then_is_not_told(telling: Telling, receiver: StandIn, run_forget: Forget) -> None:
    runtime = telling(inbound=True, include=["number", "body"])
    reach(runtime, "delivered", to=RECIPIENT)
    hear_text(runtime, "Where is my order?", sid(1))
    run_forget(RECIPIENT)
    runtime.telling.run("orders")
    assert [(one["number"], one["body"]) for one in told(receiver)] == [(None, None)] * 2


def test_a_worker_killed_after_the_call_has_it_told_twice_under_one_id(
    telling: Telling, receiver: StandIn, listener: Listener, clock: ManualClock
) -> None:
    runtime = telling()
    reach(runtime, "sent", "delivered")
    ledger = runtime.telling.ledger
    (claimed,) = ledger.claim("orders", runtime.telling.policies["orders"], uuid4(), clock.now())
    runtime.telling.ways["orders"].tell(str(claimed.notice_id), claimed.as_json((), runtime.base.sealer))
    runtime.telling.run("orders")
    assert statuses(receiver) == ["sent"], "the later event must not overtake the one in hand"
    clock.advance(LEASE.total_seconds() + 1)
    runtime.sweep.run()
    runtime.telling.run("orders")
    assert statuses(receiver) == ["sent", "sent", "delivered"]
    first, again, _ = told(receiver)
    assert first == again
    assert states(runtime) == ["told", "told"]


def test_a_worker_that_was_too_slow_is_believed_unless_another_has_the_event(
    telling: Telling, clock: ManualClock
) -> None:
    runtime = telling()
    reach(runtime, "sent")
    ledger, wanted, slow, quick = runtime.telling.ledger, runtime.telling.policies["orders"], uuid4(), uuid4()
    (notice,) = ledger.claim("orders", wanted, slow, clock.now())
    clock.advance(LEASE.total_seconds() + 1)
    runtime.sweep.run()
    assert ledger.claim("orders", wanted, quick, clock.now()) != []
    assert ledger.finish(slow, [Ending(notice.id, "told")], clock.now()) == []
    assert ledger.finish(quick, [Ending(notice.id, "told")], clock.now()) == ["told"]


@pytest.mark.parametrize(
    ("script", "state", "explanation"),
    [
        (answering(500), "waiting", "the receiver did not take it (500)"),
        (answering(400), "waiting", "the receiver did not take it (400)"),
        (answering(302, headers={"Location": "http://127.0.0.1:9/"}), "waiting", "the receiver did not take it (302)"),
        (answering(410), "dead", "the receiver did not take it (410)"),
        (never_answering, "waiting", "the receiver was called, and its answer did not come"),
    ],
)
def test_a_receiver_that_does_not_take_an_event_is_told_again_or_never(
    telling: Telling, receiver: StandIn, listener: Listener, script: Script, state: str, explanation: str
) -> None:
    listener.script = script
    runtime = telling(timeout_seconds=0.2 if script is never_answering else 10)
    reach(runtime, "sent", "delivered")
    runtime.telling.run("orders")
    with runtime.base.pool.connection() as connection:
        found = connection.execute("select state, attempts, explanation from notices order by id").fetchall()
    assert found[0] == (state, 1, explanation)
    assert found[1][0] == ("dead" if state == "dead" else "waiting")
    assert statuses(receiver)[0] == "sent"


def test_a_private_address_is_not_called_unless_it_is_allowed(make_runtime: RuntimeMaker, receiver: StandIn) -> None:
    config = HEAD + policy("orders", receiver.url.replace("http:", "https:")).replace(
        "private_addresses = true", "private_addresses = false"
    )
    runtime = make_runtime(config, DESK=SECRET)
    reach(runtime, "sent")
    runtime.telling.run("orders")
    assert (states(runtime), receiver.connections) == (["dead"], 0)


def test_what_nobody_takes_is_dead_after_so_many_tries_and_can_be_replayed(
    telling: Telling, receiver: StandIn, listener: Listener, clock: ManualClock
) -> None:
    listener.script = answering(400)
    runtime = telling(most_attempts=3)
    message_id = reach(runtime, "sent")
    dead = Counting("messaging_notices_total", policy="orders", state="dead")
    for _ in range(5):
        runtime.telling.run("orders")
        clock.advance(LONGEST_BACK_OFF_SECONDS)
    assert notices(runtime) == [("orders", "sent", "dead", 3)]
    assert dead.count == 1
    gauges = runtime.base.gauges.of_database()
    assert gauges[NOTICES_OPEN] == {("orders", "dead"): 1}
    assert gauges[NOTICES_OLDEST][("orders", "dead")] > LONGEST_BACK_OFF_SECONDS
    listener.script = answering(204)
    hear(runtime, message_id, "delivered")
    runtime.telling.run("orders")
    assert statuses(receiver) == ["sent", "sent", "sent", "delivered"], "what is dead holds up nobody"


def test_what_kills_every_worker_is_given_up(telling: Telling, receiver: StandIn, clock: ManualClock) -> None:
    runtime = telling(most_attempts=2)
    reach(runtime, "sent")
    for _ in range(2):
        assert runtime.telling.ledger.claim("orders", runtime.telling.policies["orders"], uuid4(), clock.now())
        clock.advance(LEASE.total_seconds() + 1)
        runtime.sweep.run()
    runtime.telling.run("orders")
    assert (states(runtime), receiver.requests) == (["dead"], [])


def test_a_receiver_that_fails_is_left_alone_for_a_while_and_costs_one_try(
    telling: Telling, receiver: StandIn, listener: Listener, clock: ManualClock
) -> None:
    listener.script = answering(503)
    runtime = telling()
    for _ in range(3):
        reach(runtime, "sent")
    runtime.telling.run("orders")
    assert (len(receiver.requests), states(runtime)) == (1, ["waiting"] * 3)
    assert [attempts for *_, attempts in notices(runtime)] == [1, 0, 0]
    rest(runtime, 60)
    runtime.telling.run("orders")
    runtime.sweep.run()
    assert len(receiver.requests) == 1
    listener.script = answering(204)
    clock.advance(LONGEST_BACK_OFF_SECONDS)
    runtime.telling.run("orders")
    assert states(runtime) == ["told"] * 3


def rest(runtime: WorkerRuntime, seconds: float) -> None:
    """How long it rests is drawn by lot."""
    with runtime.base.pool.connection() as connection:
        connection.execute(
            "update resting_policies set rests_until = rests_until + make_interval(secs => %s)", [seconds]
        )


def test_a_slow_receiver_never_delays_another(
    telling: Telling, receiver: StandIn, listener: Listener, clock: ManualClock
) -> None:
    listener.script = never_answering
    with stand_in(answering(204)) as other:
        runtime = telling(policy("shop", other.url), most_at_once=1)
        reach(runtime, "sent")
        reach(runtime, "sent")
        slow = runtime.telling.policies["orders"]
        assert runtime.telling.ledger.claim("orders", slow, uuid4(), clock.now()) != []
        assert runtime.telling.ledger.claim("orders", slow, uuid4(), clock.now()) == [], "as many tell as may"
        runtime.telling.run("shop")
        assert statuses(other) == ["sent", "sent"]


def test_a_worker_that_stops_begins_nothing_new_and_gives_back_what_it_has(telling: Telling, receiver: StandIn) -> None:
    runtime = telling()
    reach(runtime, "sent")
    runtime.lane.stopping.set()
    runtime.telling.run("orders")
    assert (notices(runtime), receiver.requests) == ([("orders", "sent", "waiting", 0)], [])


def test_a_task_of_yours_is_queued_under_the_events_id(make_runtime: RuntimeMaker, redis_url: str) -> None:
    runtime = make_runtime(HEAD + '[events.orders]\ncelery = { task = "shop.on_event", queue = "shop" }\n')
    message_id = reach(runtime, "sent", to=RECIPIENT)
    runtime.telling.run("orders")
    task = task_in(redis_url, "shop")
    assert (task.name, task.arguments["message_id"], task.arguments["status"]) == (
        "shop.on_event", str(message_id), "sent",
    )  # fmt: skip
    assert task.arguments["id"] in task.text
    assert RECIPIENT not in task.text


def test_each_tenant_hears_of_its_own(make_runtime: RuntimeMaker, receiver: StandIn) -> None:
    config = HEAD + ACME_SERVICE
    both = policy("ours", receiver.url, inbound=True) + policy("acmes", receiver.url, tenant="acme", inbound=True)
    runtime = make_runtime(config + both, DESK=SECRET)
    reach(runtime, "sent")
    hear_text(runtime, "Hello", sid(1))
    with pytest.raises(InvalidInput, match="use one of: ours"):
        runtime.base.accepting.accept(a_send(tags={"notify": "acmes"}))
    assert [name for name, *_ in notices(runtime)] == ["ours", "ours"]
    moved = make_runtime(config + both.replace("ours", "acmes2").replace("events.acmes]", "events.ours]"), DESK=SECRET)
    moved.telling.run("ours")
    assert receiver.requests == [], "a policy that is another tenant's by now tells it nothing of ours"


def test_what_was_told_goes_after_a_week_and_what_is_dead_stays(
    telling: Telling, listener: Listener, clock: ManualClock
) -> None:
    runtime = telling()
    reach(runtime, "sent")
    runtime.telling.run("orders")
    listener.script = answering(410)
    reach(runtime, "sent")
    runtime.telling.run("orders")
    runtime.sweep.run()
    assert states(runtime) == ["told", "dead"]
    clock.advance(8 * 86_400)
    runtime.sweep.run()
    assert states(runtime) == ["dead"]
