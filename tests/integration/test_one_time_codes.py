"""One-time codes: sent as messages of ours, or handed over to Twilio Verify, and then at most once."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from messaging_pipeline import Pipeline
from messaging_pipeline.clock import ManualClock
from messaging_pipeline.errors import InvalidInput, InvalidSettings, NotAllowed, NotFound, NotReachable
from messaging_pipeline.one_time_codes.book import Verification
from messaging_pipeline.one_time_codes.by_message import code_message
from messaging_pipeline.simulator.control_client import SimulatorControl
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.simulators import QUICK_SERVICE, RuntimeMaker
from tests.support.commands import Finished, run_command
from tests.support.delivering import DEFAULT, creates, run_lanes, show
from tests.support.factories import RECIPIENT
from tests.support.metric_deltas import Counting
from tests.support.two_tenants import ACME_SERVICE

VERIFY_SERVICE = "VA" + "a" * 32
VERIFYING = QUICK_SERVICE + f'[tenants.default]\nverify_service_sid = "{VERIFY_SERVICE}"\n'
NOWHERE = {"TWILIO_VERIFY_BASE_URL": "http://127.0.0.1:9"}
ANSWER_IS_RESET, ALWAYS_429, NOT_BEFORE = "+15005551021", "+15005551026", "+15005551024"


@pytest.fixture
def verifying(make_runtime: RuntimeMaker, simulator: Simulator) -> WorkerRuntime:
    return make_runtime(VERIFYING)


def start(runtime: WorkerRuntime, key: str = "login-1", to: str = RECIPIENT, **more: Any) -> Verification:
    return runtime.base.verifying.start(to, idempotency_key=key, **more)


def codes_at(simulator: Simulator) -> list[dict[str, Any]]:
    with SimulatorControl(simulator.url) as control:
        return control.verifications()


def states(runtime: WorkerRuntime) -> list[str]:
    return [one.state for one in runtime.base.verifying.newest("default", 10)]


# Handed over to Twilio Verify.


def test_a_code_is_made_sent_and_checked_by_twilio(verifying: WorkerRuntime, simulator: Simulator) -> None:
    started, approved = start(verifying), Counting("messaging_verifications_total", tenant="default", answer="approved")
    (sent,) = codes_at(simulator)
    assert (started.state, started.sid, sent["to"], sent["channel"]) == ("pending", sent["sid"], RECIPIENT, "sms")
    wrong = "111111" if sent["code"] == "000000" else "000000"
    check = verifying.base.verifying.check
    assert check(started.id, wrong).state == "pending"
    assert check(started.id, sent["code"]).state == "approved"
    assert (states(verifying), approved.count) == (["approved"], 1)


def test_a_code_that_was_right_is_right_once(verifying: WorkerRuntime, simulator: Simulator) -> None:
    started, check = start(verifying), verifying.base.verifying.check
    (sent,) = codes_at(simulator)
    assert [check(started.id, code).state for code in (sent["code"], sent["code"], "000000")] == [
        "approved",
        "gone",
        "gone",
    ]
    assert states(verifying) == ["approved"]


def test_a_repeat_with_the_same_key_sends_nothing_more(verifying: WorkerRuntime, simulator: Simulator) -> None:
    first = start(verifying)
    assert start(verifying) == first
    assert start(verifying, "login-2").id != first.id
    assert [one["sends"] for one in codes_at(simulator)] == [2]


def test_many_at_once_with_the_same_key_are_one_start(verifying: WorkerRuntime, simulator: Simulator) -> None:
    with ThreadPoolExecutor(8) as threads:
        started = list(threads.map(lambda _: start(verifying), range(8)))
    assert len({one.id for one in started}) == 1
    assert [one["sends"] for one in codes_at(simulator)] == [1]


def test_an_answer_that_was_lost_is_not_asked_for_again_and_the_code_is_good(
    verifying: WorkerRuntime, simulator: Simulator
) -> None:
    started = start(verifying, to=ANSWER_IS_RESET)
    assert (started.state, start(verifying, to=ANSWER_IS_RESET).state) == ("unconfirmed", "unconfirmed")
    (sent,) = codes_at(simulator)
    assert sent["sends"] == 1
    check = verifying.base.verifying.check
    with pytest.raises(InvalidInput, match="to: is not given"):
        check(started.id, sent["code"])
    with pytest.raises(InvalidInput, match="to: is not the number"):
        check(started.id, sent["code"], to=RECIPIENT)
    assert check(started.id, sent["code"], to=ANSWER_IS_RESET).state == "approved"
    assert states(verifying) == ["approved"]


def test_whoever_dies_while_a_start_leaves_leaves_doubt_and_no_second_code(
    verifying: WorkerRuntime, simulator: Simulator, clock: ManualClock
) -> None:
    desk = verifying.base.verifying
    mark = desk.sealer.fingerprint([RECIPIENT, "sms"])
    desk.book.open("default", "login-1", "sms", mark, clock.now())  # and killed here, before any answer
    assert start(verifying).state == "leaving"
    clock.advance(61)
    assert start(verifying).state == "unconfirmed"
    assert states(verifying) == ["unconfirmed"]
    assert codes_at(simulator) == []


@pytest.mark.parametrize(("to", "state"), [(ALWAYS_429, "not_sent"), (NOT_BEFORE, "unconfirmed")])
def test_only_what_was_certainly_not_sent_may_leave_again(
    verifying: WorkerRuntime, simulator: Simulator, to: str, state: str
) -> None:
    first, again = start(verifying, to=to), start(verifying, to=to)
    assert (first.state, again.state, again.id) == (state, state, first.id)
    assert again.attempts == (2 if state == "not_sent" else 1)
    assert codes_at(simulator) == []


def test_a_start_that_reached_nobody_goes_out_with_the_same_key_later(
    make_runtime: RuntimeMaker, verifying: WorkerRuntime, simulator: Simulator
) -> None:
    away = make_runtime(VERIFYING, **NOWHERE)
    assert start(away).state == "not_sent"
    with pytest.raises(NotAllowed, match="is not_sent; there is no code to check"):
        away.base.verifying.check(start(away).id, "123456")
    assert start(verifying).state == "pending"
    assert len(codes_at(simulator)) == 1


def test_a_late_answer_does_not_undo_what_a_check_has_shown(verifying: WorkerRuntime) -> None:
    desk, now = verifying.base.verifying, verifying.base.clock.now()
    opened, _ = desk.book.open("default", "login-1", "sms", b"x", now)
    desk.book.note_check(opened, "approved", "VE" + "1" * 32)
    desk.book.finish(opened, "unconfirmed", None, "late")
    assert states(verifying) == ["approved"]


def test_neither_number_nor_code_is_kept(verifying: WorkerRuntime, simulator: Simulator) -> None:
    started = start(verifying)
    (sent,) = codes_at(simulator)
    verifying.base.verifying.check(started.id, sent["code"])
    with verifying.base.pool.connection() as connection:
        ((row,),) = connection.execute("select v::text from verifications v").fetchall()
    assert [secret for secret in (RECIPIENT[1:], sent["code"]) if secret in row] == []
    assert RECIPIENT[1:] not in repr(started)


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"to": "+1415"}, "to"),
        ({"key": ""}, "idempotency_key"),
        ({"key": "x" * 256}, "idempotency_key"),
        ({"channel": "pigeon"}, "channel"),
    ],
)
def test_a_wrong_start_is_refused_by_name_and_nothing_is_written(
    verifying: WorkerRuntime, arguments: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        start(verifying, **arguments)
    assert (refusal.value.field, states(verifying)) == (field, [])


def test_a_key_is_for_one_number(verifying: WorkerRuntime, simulator: Simulator) -> None:
    start(verifying)
    with pytest.raises(InvalidInput, match="idempotency_key: was used before"):
        start(verifying, to="+14155550188")
    assert len(codes_at(simulator)) == 1


def test_a_tenant_without_a_verify_service_is_told_which_setting_is_missing(sending: WorkerRuntime) -> None:
    with pytest.raises(InvalidSettings, match=r"tenants\.default\.verify_service_sid"):
        start(sending)
    assert states(sending) == []


def test_as_many_requests_are_under_way_as_the_tenant_permits(make_runtime: RuntimeMaker, simulator: Simulator) -> None:
    """Just after Redis has lost its memory, nobody knows who is at work, so that nothing is granted for a while."""
    limited = make_runtime(VERIFYING + "verify_concurrency = 1\n")
    with pytest.raises(NotAllowed, match="verify_concurrency"):
        start(limited)
    assert (states(limited), codes_at(simulator)) == ([], [])


def test_a_verify_that_does_not_answer_approves_nobody(
    make_runtime: RuntimeMaker, verifying: WorkerRuntime, simulator: Simulator
) -> None:
    started = start(verifying)
    (sent,) = codes_at(simulator)
    with pytest.raises(NotReachable, match="TWILIO_VERIFY_BASE_URL"):
        make_runtime(VERIFYING, **NOWHERE).base.verifying.check(started.id, sent["code"])
    assert states(verifying) == ["pending"]


# Tenants apart.


def test_one_tenants_verification_is_not_there_for_another(make_runtime: RuntimeMaker, simulator: Simulator) -> None:
    theirs = f'verify_service_sid = "VA{"c" * 32}"\n'
    both = make_runtime(
        VERIFYING + ACME_SERVICE.replace("\n[services", f"{theirs}\n[services"), TWILIO_VERIFY_BASE_URL=simulator.url
    )
    started = start(both)
    (sent,) = codes_at(simulator)
    with pytest.raises(NotFound):
        both.base.verifying.check(started.id, sent["code"], to=RECIPIENT, tenant="acme")
    assert both.base.verifying.newest("acme", 10) == []
    assert start(both, tenant="acme").id != started.id


# On the command line.


@pytest.fixture
def environment(verifying: WorkerRuntime) -> dict[str, str]:
    return dict(verifying.base.settings.environment)


def codes(environment: dict[str, str], *arguments: str) -> Finished:
    return run_command(environment, "codes", *arguments)


@pytest.mark.parametrize(
    "arguments", [("start", RECIPIENT), ("check", str(uuid4()), "4711"), ("list",)], ids=["start", "check", "list"]
)
def test_a_tenant_that_is_not_declared_is_named(environment: dict[str, str], arguments: tuple[str, ...]) -> None:
    refused = codes(environment, *arguments, "--tenant", "acme")
    assert refused.code == 1
    assert "--tenant: 'acme' is not declared; use one of: default" in refused.err


def test_in_python_too(verifying: WorkerRuntime) -> None:
    with pytest.raises(InvalidSettings, match="tenant: 'acme' is not declared; use one of: default"):
        start(verifying, tenant="acme")


def test_on_the_command_line_the_exit_code_lets_in_or_not(environment: dict[str, str], simulator: Simulator) -> None:
    started = codes(environment, "start", RECIPIENT, "--json")
    (sent,) = codes_at(simulator)
    assert (started.code, started.json["state"]) == (0, "pending")
    key = started.json["id"]
    assert codes(environment, "check", key, "0000" if sent["code"] != "0000" else "1111").code == 1
    assert codes(environment, "check", key, sent["code"]).out == f"{key} approved\n"
    listed = codes(environment, "list", "--json").json
    assert [(one["id"], one["state"]) for one in listed] == [(key, "approved")]
    assert RECIPIENT[1:] not in codes(environment, "list").out


def test_on_the_command_line_what_has_not_gone_out_is_said(environment: dict[str, str]) -> None:
    started = codes(environment, "start", ALWAYS_429)
    assert (started.code, started.out.split()[1]) == (1, "not_sent")
    assert started.err
    assert codes(environment, "check", "not-a-uuid", "1234").code == 2
    assert codes(environment, "start", RECIPIENT, "--channel", "pigeon").code == 2


# As messages of our own.


def test_a_code_of_ones_own_is_a_message_of_its_own_kind_and_a_repeat_is_the_same(sending: WorkerRuntime) -> None:
    with Pipeline(sending.base.settings) as pipeline:
        first, second = (
            pipeline.send_code(to=RECIPIENT, body="4711 is your code.", idempotency_key="login-1") for _ in range(2)
        )
    shown = show(sending, first)
    assert (shown["priority"], shown["tags"], first == second) == (0, {"intent": "otp"}, True)
    assert round((shown["expires_at"] - shown["created_at"]).total_seconds()) == 600


def test_a_code_that_is_too_late_is_not_sent_by_any_way(
    make_runtime: RuntimeMaker, simulator: Simulator, clock: ManualClock
) -> None:
    runtime = make_runtime(QUICK_SERVICE + 'fallback = [{ channel = "email", to = "ada@example.com" }]\n')
    made = code_message(to=RECIPIENT, body="4711 is your code.", now=clock.now())
    message_id = runtime.base.accepting.accept(made)
    clock.advance(600)
    run_lanes(runtime, DEFAULT, rounds=2)
    runtime.sweep.run()
    shown = show(runtime, message_id)
    assert (shown["status"], shown["attempts"], shown["fallback"]) == ("expired", [], [])
    assert creates(simulator) == []


def test_a_code_can_be_sent_from_the_shell(environment: dict[str, str], verifying: WorkerRuntime) -> None:
    sent = codes(environment, "send", RECIPIENT, "4711 is your code.", "--valid-minutes", "5", "--json")
    assert sent.code == 0
    shown = show(verifying, sent.json["id"])
    assert round((shown["expires_at"] - shown["created_at"]).total_seconds()) == 300
    assert codes(environment, "send", RECIPIENT, "x", "--valid-minutes", "0").code == 2
