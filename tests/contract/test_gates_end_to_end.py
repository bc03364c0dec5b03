"""Every gate with every side effect: where the message ends, what its history says, what leaves, what is counted."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest

from messaging_pipeline.consent.ledger import withdraw
from messaging_pipeline.db.pool import in_transaction
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.simulators import QUICK_SERVICE, RuntimeMaker
from tests.support.consenting import NUMBER, a_withdrawal
from tests.support.delivering import creates, drain, show
from tests.support.factories import a_send
from tests.support.metric_deltas import Counting
from tests.support.two_tenants import find_invalid

AWAKE = {"time_zone": "Europe/London"}  # it is noon there, and four in the morning where the recipient's number is
FITTING = "Hi Ada, your table is ready."
OPT_OUT = "Reply STOP to opt out"

CONFIG = f"""{QUICK_SERVICE}
[services.default.registration]
ten_dlc = "approved"
use_case = "CUSTOMER_CARE"
links = false
samples = ["Hi {{name}}, your table is ready."]
on_drift = "block"

[services.default.first_message]
opt_out_text = "{OPT_OUT}"

[services.default.quiet_hours]
"""


def nothing(_: WorkerRuntime) -> None:
    """Nothing was heard of the recipient before."""


def opted_out(runtime: WorkerRuntime) -> None:
    now = runtime.base.clock.now()
    in_transaction(runtime.base.pool, lambda connection: withdraw(connection, [a_withdrawal(number=NUMBER)], now))


def unknown_number(runtime: WorkerRuntime) -> None:
    find_invalid(runtime, "default")


def told_before(runtime: WorkerRuntime) -> None:
    runtime.base.accepting.accept(a_send(body=f"{FITTING} {OPT_OUT}", tags=AWAKE))
    drain(runtime)


@dataclass(frozen=True)
class Case:
    """A message and what must come of it. ``counted`` is a gate and its outcome, None where none is counted."""

    send: dict[str, Any]
    status: str
    says: str | None = None
    counted: tuple[str, str] | None = None
    gate: str | None = None
    body: str | None = None
    given: Callable[[WorkerRuntime], None] = nothing
    leaves: int = field(default=0)


CASES = {
    "a sender that may not write there": Case(
        {"to": "+912212345678"}, "rejected", "gate:sender: messages to India", ("sender", "refused")
    ),
    "a name that writes to a territory of the US": Case(
        {"to": "+17875550123", "from_": "Acme"}, "rejected", "gate:sender: an alphanumeric", ("sender", "refused")
    ),
    "a text that is like no sample": Case(
        {"body": "Half price on shoes"}, "rejected", "gate:campaign: the text is like none", ("campaign", "refused")
    ),
    "a link of a public shortener": Case(
        {"body": f"{FITTING} bit.ly/x"}, "rejected", "gate:campaign: the text has a link", ("campaign", "refused")
    ),
    "a link that was not announced": Case(
        {"body": f"{FITTING} See example.com/x"}, "accepted", "campaign: the text has", ("campaign", "warns"), leaves=1
    ),
    "marketing by a campaign for something else": Case(
        {"tags": {**AWAKE, "intent": "marketing"}}, "accepted", "campaign: a message", ("campaign", "warns"), leaves=1
    ),
    "a first message": Case({}, "accepted", body=f"{FITTING}\n{OPT_OUT}", leaves=1),
    "a second message": Case({}, "accepted", body=FITTING, given=told_before, leaves=2),
    "a first message with no room": Case(
        {"to": "+442071234567", "body": "x" * 1600}, "rejected", "gate:first_message: ", ("first_message", "refused")
    ),
    "a recipient who said stop": Case({}, "suppressed", "the recipient has opted out", given=opted_out),
    "a number that nobody knows": Case({}, "rejected", "carriers have called", given=unknown_number),
    "a recipient who is asleep": Case(
        {"tags": {}}, "pending", "quiet hours where the recipient is", ("quiet_hours", "waits"), "quiet_hours"
    ),
    "a code for somebody who is asleep, by a campaign for something else": Case(
        {"tags": {"intent": "otp"}}, "accepted", "campaign: a message", ("campaign", "warns"), body=FITTING, leaves=1
    ),
    "one that expires while the recipient sleeps": Case(
        {"tags": {}, "expires_at": "2026-11-23T13:00:00Z"}, "rejected", "gate:quiet_hours", ("quiet_hours", "refused")
    ),
}


def counters() -> dict[tuple[str, str], Counting]:
    gates = ("sender", "campaign", "first_message", "consent", "number_health", "quiet_hours")
    return {
        (gate, outcome): Counting("messaging_gate_verdicts_total", gate=gate, outcome=outcome)
        for gate in gates
        for outcome in ("refused", "waits", "warns")
    }


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_gate_does_what_it_says_and_nothing_else(
    case: Case, make_runtime: RuntimeMaker, simulator: Simulator
) -> None:
    runtime = make_runtime(CONFIG)
    case.given(runtime)
    counted = counters()
    message_id = runtime.from_broker.send(a_send(**{"body": FITTING, "tags": AWAKE, **case.send}), str(uuid4()))
    drain(runtime)
    shown = show(runtime, message_id)
    assert (shown["status"], shown["gate"]) == (case.status, case.gate)
    told = [event["detail"] for event in shown["events"] if event["detail"]]
    assert [detail[: len(case.says or "")] for detail in told] == ([case.says] if case.says else [])
    assert {what for what, counter in counted.items() if counter.count} == ({case.counted} if case.counted else set())
    assert (len(creates(simulator)), len(shown["attempts"])) == (case.leaves, min(case.leaves, 1))
    if case.body is not None:
        assert body_of(runtime, shown["id"]) == case.body


def body_of(runtime: WorkerRuntime, message_id: object) -> str:
    with runtime.base.pool.connection() as connection:
        row = connection.execute("select content from messages where id = %s", [message_id]).fetchone()
    assert row is not None
    return str(runtime.base.sealer.unseal(row[0])["body"])
