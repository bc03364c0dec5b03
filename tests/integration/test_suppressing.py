"""Opt-outs and dead numbers: heard from creates and callbacks, written down, and heeded at the instant of sending."""

import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.consent.ledger import ALL_SERVICES, Grant, Withdrawal, grant, withdraw
from messaging_pipeline.db.pool import in_transaction
from messaging_pipeline.follow.apply_evidence import Evidence
from messaging_pipeline.ids import E164, MessageId
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.simulators import RuntimeMaker
from tests.support.delivering import creates, drain, show
from tests.support.factories import RECIPIENT, a_send

FROM_A_NUMBER = '[services.default]\nfrom_number = "+15005550006"\nsegments_per_second = 500\n'
OPTED_OUT = "+15005550004"
UNKNOWN = 30005
WITH_PLAN = {"fallback": [{"channel": "email", "to": "ada@example.com"}]}


def sent(runtime: WorkerRuntime, **send: object) -> MessageId:
    message_id = runtime.base.accepting.accept(a_send(**send))
    drain(runtime)
    return message_id


def told(runtime: WorkerRuntime, message_id: MessageId, status: str, code: int | None = None) -> None:
    sid = str(show(runtime, message_id)["sid"])
    runtime.following.apply([Evidence(message_id, "default", sid, status, code, runtime.base.clock.now(), 1)])


def ledger(runtime: WorkerRuntime) -> list[tuple[str, ...]]:
    with runtime.base.pool.connection() as connection:
        return connection.execute("select number, change, source, scope from consent_events order by id").fetchall()


def test_an_opt_out_that_the_create_tells_is_entered_in_the_ledger_and_heeded(
    make_runtime: RuntimeMaker, simulator: Simulator
) -> None:
    runtime = make_runtime(FROM_A_NUMBER)
    first = sent(runtime, to=OPTED_OUT, **WITH_PLAN)
    second = sent(runtime, to=OPTED_OUT)
    assert [show(runtime, one)["status"] for one in (first, second)] == ["suppressed", "suppressed"]
    assert ledger(runtime) == [(OPTED_OUT, "withdrawn", "create", "default")]
    assert len(creates(simulator)) == 1
    assert show(runtime, first)["fallback"] == []
    assert show(runtime, second)["attempts"] == []


def test_an_opt_out_that_a_callback_tells_is_entered_once_and_heeded(
    sending: WorkerRuntime, simulator: Simulator
) -> None:
    first = sent(sending)
    for _ in range(2):
        told(sending, first, "failed", 21610)
    second = sent(sending)
    assert [show(sending, one)["status"] for one in (first, second)] == ["suppressed", "suppressed"]
    assert ledger(sending) == [(RECIPIENT, "withdrawn", "callback", "default")]
    assert len(creates(simulator)) == 1


@pytest.mark.parametrize("scope", ["default", ALL_SERVICES])
def test_who_opts_out_after_a_message_was_accepted_does_not_get_it(
    sending: WorkerRuntime, simulator: Simulator, clock: ManualClock, scope: str
) -> None:
    message_id = sending.base.accepting.accept(a_send())
    said = Withdrawal("default", scope, E164(RECIPIENT), "inbound", sid="SM" + "9" * 32)
    in_transaction(sending.base.pool, lambda connection: withdraw(connection, [said], clock.now()))
    drain(sending)
    shown = show(sending, message_id)
    assert shown["status"] == "suppressed"
    assert shown["reason"] == "the recipient has opted out of messages from this service"
    assert creates(simulator) == []


def test_who_opted_out_of_another_service_gets_it(sending: WorkerRuntime, clock: ManualClock) -> None:
    said = Withdrawal("default", "another", E164(RECIPIENT), "operator")
    in_transaction(sending.base.pool, lambda connection: withdraw(connection, [said], clock.now()))
    assert show(sending, sent(sending))["status"] == "accepted"


def test_who_came_back_gets_messages_again(sending: WorkerRuntime, clock: ManualClock) -> None:
    told(sending, sent(sending), "failed", 21610)
    back = Grant("default", "default", E164(RECIPIENT), "operator", note="wrote START")
    in_transaction(sending.base.pool, lambda connection: grant(connection, [back], clock.now()))
    assert show(sending, sent(sending))["status"] == "accepted"


def test_a_number_that_is_unknown_for_the_third_time_is_not_written_to_any_more(
    sending: WorkerRuntime, simulator: Simulator
) -> None:
    for _ in range(3):
        told(sending, sent(sending), "undelivered", UNKNOWN)
    last = sent(sending, **WITH_PLAN)
    shown = show(sending, last)
    assert shown["status"] == "rejected"
    assert "unknown too often" in shown["reason"]
    assert len(shown["fallback"]) == 1
    assert len(creates(simulator)) == 3


def test_a_delivery_proves_that_a_number_lives(sending: WorkerRuntime) -> None:
    for status, code in [("undelivered", UNKNOWN), ("undelivered", UNKNOWN), ("delivered", None)] * 2:
        told(sending, sent(sending), status, code)
    assert show(sending, sent(sending))["status"] == "accepted"
