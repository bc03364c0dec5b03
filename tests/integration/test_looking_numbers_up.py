"""Twilio Lookup is asked about a number before the first message to it leaves, where a service wants it."""

import time
from datetime import timedelta
from typing import Any

import pytest

from messaging_pipeline import number_lines
from messaging_pipeline.clock import ManualClock
from messaging_pipeline.consent.ledger import withdraw
from messaging_pipeline.db.pool import in_transaction
from messaging_pipeline.deliver import number_sieve
from messaging_pipeline.deliver.claims import Wanted, claim_due
from messaging_pipeline.deliver.supply import Batch
from messaging_pipeline.ids import MessageId
from messaging_pipeline.services.lines import Line
from messaging_pipeline.simulator.control_client import SimulatorControl
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.runtimes import ACME_ACCOUNT_SID
from tests.plugins.simulators import QUICK_SERVICE, RuntimeMaker
from tests.support.commands import run_command
from tests.support.consenting import a_withdrawal
from tests.support.delivering import DEFAULT, creates, drain, show
from tests.support.factories import ACCOUNT_SID, RECIPIENT, a_send
from tests.support.metric_deltas import Counting
from tests.support.stand_in import answering, refusing, stand_in
from tests.support.two_tenants import ACME, BOTH, acmes, twilio_of_both

POLICY = '{ cost = 0.008, unit = "USD", days = 30 }\n'
ASKING = QUICK_SERVICE + f"lookup = {POLICY}"
WAITING = ASKING.replace("days = 30", 'when_unanswered = "wait"')
LANDLINE, NO_NUMBER, ANSWERED_WITH_500 = "+15005551004", "+15005550001", "+15005551017"
NOWHERE = {"TWILIO_LOOKUPS_BASE_URL": "http://127.0.0.1:9"}
DAYS = 86_400


@pytest.fixture
def asking(make_runtime: RuntimeMaker) -> WorkerRuntime:
    return make_runtime(ASKING)


def accepted(runtime: WorkerRuntime, to: str = RECIPIENT, **changes: Any) -> MessageId:
    return runtime.base.accepting.accept(a_send(to=to, **changes))


def sent(runtime: WorkerRuntime, to: str = RECIPIENT, **changes: Any) -> dict[str, Any]:
    message_id = accepted(runtime, to, **changes)
    drain(runtime)
    return show(runtime, message_id)


def asked(simulator: Simulator) -> list[str]:
    with SimulatorControl(simulator.url) as control:
        return [one["number"] for one in control.lookups()]


def test_a_number_is_asked_about_once_until_the_answer_has_grown_old(
    asking: WorkerRuntime, simulator: Simulator, clock: ManualClock
) -> None:
    counted = Counting("messaging_lookups_total", service="default", answer="mobile")
    for _ in range(3):
        accepted(asking)
    assert asked(simulator) == [], "nothing is asked while a message is accepted"
    drain(asking)
    assert (asked(simulator), len(creates(simulator)), counted.count) == ([RECIPIENT], 3, 1)
    clock.advance(30 * DAYS)
    assert sent(asking)["status"] == "accepted"
    assert asked(simulator) == [RECIPIENT, RECIPIENT]


@pytest.mark.parametrize("number", [LANDLINE, NO_NUMBER])
def test_what_is_no_mobile_number_ends_before_anything_left_and_may_fall_back(
    asking: WorkerRuntime, simulator: Simulator, number: str
) -> None:
    shown = sent(asking, number, fallback=[{"channel": "email", "to": "ada@example.com"}])
    assert (shown["status"], shown["attempts"], creates(simulator)) == ("rejected", [], [])
    assert shown["reason"].startswith("Twilio has said that the number is no mobile one")
    assert [step["cause"] for step in shown["fallback"]] == ["rejected"]
    assert sent(asking, number)["status"] == "rejected"
    assert asked(simulator) == [number]


def test_nobody_pays_for_numbers_that_will_not_be_written_to(asking: WorkerRuntime, simulator: Simulator) -> None:
    message_id = accepted(asking)
    said = [a_withdrawal(number=RECIPIENT, scope="*")]
    in_transaction(asking.base.pool, lambda connection: withdraw(connection, said, asking.base.clock.now()))
    drain(asking)
    assert (show(asking, message_id)["status"], asked(simulator)) == ("suppressed", [])


def test_killed_between_the_answer_and_its_row_it_asks_again_and_sends_once(
    asking: WorkerRuntime, simulator: Simulator, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    message_id = accepted(asking)

    def killed(*_: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(number_lines, "remember", killed)
        with pytest.raises(SystemExit):
            drain(asking)
    assert (show(asking, message_id)["status"], creates(simulator)) == ("claimed", [])
    clock.advance(61)
    asking.sweep.run()
    drain(asking)
    assert (show(asking, message_id)["status"], len(creates(simulator))) == ("accepted", 1)
    assert asked(simulator) == [RECIPIENT, RECIPIENT]


def test_killed_after_the_row_the_next_one_knows(
    asking: WorkerRuntime, simulator: Simulator, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    message_id, remember = accepted(asking, LANDLINE), number_lines.remember

    def killed(connection: Any, found: number_lines.Found) -> None:
        remember(connection, found)
        connection.commit()
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr(number_lines, "remember", killed)
        with pytest.raises(SystemExit):
            drain(asking)
    clock.advance(61)
    asking.sweep.run()
    drain(asking)
    assert (show(asking, message_id)["status"], creates(simulator)) == ("rejected", [])
    assert asked(simulator) == [LANDLINE]


def test_what_there_is_no_time_to_ask_about_comes_again_at_once(
    asking: WorkerRuntime, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(number_sieve, "_LONGEST_LOOK_SECONDS", 0.0)
    numbers = [f"+1415555010{number}" for number in range(3)]
    ids = [accepted(asking, number) for number in numbers]
    drain(asking)
    assert [show(asking, one)["status"] for one in ids] == ["accepted"] * 3
    assert sorted(asked(simulator)) == numbers


def test_without_a_line_to_twilio_nobody_is_asked(asking: WorkerRuntime, simulator: Simulator) -> None:
    accepted(asking)
    now = asking.base.clock.now()
    claimed = claim_due(asking.base.pool, Wanted(DEFAULT, 10), now=now, lease_until=now + timedelta(minutes=1))
    batch = Batch(DEFAULT, claimed, time.monotonic(), None)
    left = asking.lane.numbers.sift(asking.lane.new_book(None), batch, Line.free())
    assert (len(left.messages), asked(simulator)) == (1, [])


# When Lookup does not answer.


def test_without_an_answer_messages_go_and_lookup_is_left_alone_for_a_while(
    make_runtime: RuntimeMaker, simulator: Simulator, clock: ManualClock
) -> None:
    with stand_in(refusing(503, 20503)) as server:
        runtime = make_runtime(ASKING, TWILIO_LOOKUPS_BASE_URL=server.url)
        for number in range(5):
            accepted(runtime, f"+1415555010{number}")
        drain(runtime)
        assert (len(server.requests), len(creates(simulator))) == (1, 5)
        clock.advance(31)
        sent(runtime)
        assert len(server.requests) == 2


def test_where_messages_are_to_wait_they_wait_and_one_pays_for_the_question(
    make_runtime: RuntimeMaker, simulator: Simulator, clock: ManualClock
) -> None:
    runtime = make_runtime(WAITING, **NOWHERE)
    first, second = accepted(runtime), accepted(runtime, "+14155550199")
    drain(runtime)
    shown = [show(runtime, one) for one in (first, second)]
    assert [(one["status"], one["retries"]) for one in shown] == [("pending", 1), ("pending", 0)]
    assert shown[0]["reason"].startswith("Twilio Lookup: Twilio did not answer")
    assert "rests for a while" in shown[1]["reason"]
    clock.advance(301)
    drain(make_runtime(WAITING))
    assert [show(runtime, one)["status"] for one in (first, second)] == ["accepted", "accepted"]


def test_a_message_that_waits_for_an_answer_that_never_comes_fails(
    make_runtime: RuntimeMaker, simulator: Simulator, clock: ManualClock
) -> None:
    runtime = make_runtime(WAITING + "transient_retries = 1\n", **NOWHERE)
    message_id = accepted(runtime)
    for _ in range(3):
        drain(runtime)
        clock.advance(301)
    assert (show(runtime, message_id)["status"], creates(simulator)) == ("failed", [])


def test_a_number_that_lookup_cannot_answer_for_keeps_nobody_else_from_being_asked_about(
    make_runtime: RuntimeMaker, simulator: Simulator
) -> None:
    with stand_in(answering(400, {"code": 60600, "message": "no coverage", "status": 400})) as server:
        runtime = make_runtime(ASKING, TWILIO_LOOKUPS_BASE_URL=server.url)
        accepted(runtime)
        accepted(runtime, "+14155550199")
        drain(runtime)
        assert (len(server.requests), len(creates(simulator))) == (2, 2)


# Tenants apart, and what people see.


def test_each_tenant_asks_with_its_own_account_and_for_itself(make_runtime: RuntimeMaker) -> None:
    with twilio_of_both() as twilio:
        apart = BOTH.replace("\n[services.acme", f"lookup = {POLICY}\n[services.acme") + "\n[tenants.default]\n"
        runtime = make_runtime(apart + f"lookup = {POLICY}", TWILIO_API_BASE_URL=twilio.url)
        assert sent(runtime, LANDLINE)["status"] == "rejected"
        theirs = runtime.base.accepting.accept(acmes(to=LANDLINE))
        assert runtime.base.explaining.explain(acmes(to=LANDLINE))["lookup"]["needed"]
        drain(runtime, ACME)
        with SimulatorControl(twilio.url) as control:
            assert [one["account_sid"] for one in control.lookups()] == [ACCOUNT_SID, ACME_ACCOUNT_SID]
        assert show(runtime, theirs)["status"] == "rejected"


def test_a_service_may_leave_out_what_its_tenant_wants(make_runtime: RuntimeMaker, simulator: Simulator) -> None:
    off = QUICK_SERVICE + f"lookup = {POLICY.replace(' }', ', enabled = false }')}[tenants.default]\nlookup = {POLICY}"
    assert sent(make_runtime(off))["status"] == "accepted"
    assert asked(simulator) == []


def test_explain_says_what_the_question_costs_and_what_is_known(asking: WorkerRuntime) -> None:
    explain = asking.base.explaining.explain
    assert explain(a_send())["lookup"] == {"needed": True, "line_type": None, "cost": "0.008", "unit": "USD"}
    sent(asking)
    sent(asking, LANDLINE)
    assert explain(a_send())["lookup"] == {"needed": False, "line_type": "mobile", "cost": "0.008", "unit": "USD"}
    refused = [one["gate"] for one in explain(a_send(to=LANDLINE))["gates"] if one["outcome"] == "refused"]
    assert refused == ["number_health"]


def test_the_command_line_says_it_too(asking: WorkerRuntime) -> None:
    environment = dict(asking.base.settings.environment)
    said = run_command(environment, "explain", RECIPIENT, "Your table is ready.").out
    assert "lookup    Twilio is asked what the number is before it leaves, for 0.008 USD" in said
    sent(asking, NO_NUMBER)
    assert " invalid " in run_command(environment, "numbers", "landlines").out
