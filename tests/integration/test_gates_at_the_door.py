"""At our door a gate refuses a message with a sentence, or puts it off with a reason; by Celery there is a record."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.errors import InvalidInput
from messaging_pipeline.follow.apply_evidence import Evidence
from messaging_pipeline.history.timeline import timeline
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.simulators import QUICK_SERVICE, RuntimeMaker
from tests.support.commands import run_command
from tests.support.delivering import creates, drain, run_lanes, show
from tests.support.factories import a_send, environment
from tests.support.gauges import gauge
from tests.support.metric_deltas import Counting

QUIET = f'{QUICK_SERVICE}[quiet_hours]\nfrom = "21:00"\nto = "08:00"\n'
LONDONER, ANGELENO, INDIAN = "+442071234567", "+13105550123", "+912212345678"
OPENS_IN_LOS_ANGELES = datetime(2026, 11, 23, 16, tzinfo=UTC)  # it is four in the morning there
VALIDITY_EXPIRED = 30036
PLAN = [{"channel": "email", "to": "ada@example.com"}]


@pytest.fixture
def quiet(make_runtime: RuntimeMaker) -> WorkerRuntime:
    return make_runtime(QUIET)


def refusal(runtime: WorkerRuntime, **send: Any) -> InvalidInput:
    with pytest.raises(InvalidInput) as found:
        runtime.base.accepting.accept(a_send(**send))
    assert runtime.base.tracing.messages(tenant="default") == []
    return found.value


def test_a_gate_that_refuses_is_named_and_nothing_is_written(sending: WorkerRuntime) -> None:
    error = refusal(sending, to=INDIAN)
    assert error.field == "gate:sender"
    assert str(error).startswith("gate:sender: messages to India need a sender and templates registered with DLT; ")


def test_an_alphanumeric_sender_to_the_us_is_refused(sending: WorkerRuntime) -> None:
    assert refusal(sending, from_="Acme").field == "gate:sender"


def test_a_text_that_strays_from_its_campaign_is_refused_where_that_is_wanted(make_runtime: RuntimeMaker) -> None:
    runtime = make_runtime(f'{QUICK_SERVICE}[services.default.registration]\nuse_case = "2FA"\ncontent = "block"\n')
    error = refusal(runtime, body="Half price!", tags={"intent": "marketing"})
    assert error.field == "gate:campaign"
    assert "Half price" not in str(error)


def test_a_registered_service_may_write_to_india(make_runtime: RuntimeMaker, simulator: Simulator) -> None:
    runtime = make_runtime(f"{QUICK_SERVICE}[services.default.registration]\ndlt = true\n")
    message_id = runtime.base.accepting.accept(a_send(to=INDIAN))
    drain(runtime)
    assert show(runtime, message_id)["status"] == "accepted"


def test_a_refusal_by_the_broker_leaves_a_record_with_its_reason(sending: WorkerRuntime) -> None:
    message_id = sending.from_broker.send(a_send(to=INDIAN), str(uuid4()))
    shown = show(sending, message_id)
    assert (shown["status"], shown["reason"].partition(":")[0]) == ("rejected", "gate")


def test_of_many_by_the_broker_only_the_refused_ones_are_rejected(quiet: WorkerRuntime) -> None:
    many = [a_send(to=LONDONER), a_send(to=INDIAN), a_send(to=ANGELENO)]
    ids = quiet.from_broker.send_many(many, {}, str(uuid4()))
    assert quiet.base.tracing.count_by_status(ids) == {"pending": 2, "rejected": 1}


def test_in_quiet_hours_a_message_is_put_off_and_its_timeline_says_why(
    quiet: WorkerRuntime, simulator: Simulator
) -> None:
    message_id = quiet.base.accepting.accept(a_send(to=ANGELENO))
    run_lanes(quiet, rounds=3)
    shown = show(quiet, message_id)
    assert (shown["status"], shown["due_at"]) == ("pending", OPENS_IN_LOS_ANGELES)
    assert "not before 2026-11-23 08:00 in America/Los_Angeles" in shown["reason"]
    assert [event["detail"] for event in shown["events"]] == [shown["reason"]]
    assert creates(simulator) == []


def test_when_the_quiet_hours_are_over_it_leaves(
    quiet: WorkerRuntime, simulator: Simulator, clock: ManualClock
) -> None:
    message_id = quiet.base.accepting.accept(a_send(to=ANGELENO))
    clock.advance(4 * 3600)
    drain(quiet)
    assert show(quiet, message_id)["status"] == "accepted"


def test_what_is_exempt_or_elsewhere_leaves_at_once(quiet: WorkerRuntime, simulator: Simulator) -> None:
    code = quiet.base.accepting.accept(a_send(to=ANGELENO, tags={"intent": "otp"}))
    travelling = quiet.base.accepting.accept(a_send(to=ANGELENO, tags={"time_zone": "Europe/Paris"}))
    awake = quiet.base.accepting.accept(a_send(to=LONDONER))
    drain(quiet)
    assert quiet.base.tracing.count_by_status([code, travelling, awake]) == {"accepted": 3}


def test_a_time_of_the_senders_choice_is_moved_out_of_the_quiet_hours(quiet: WorkerRuntime, clock: ManualClock) -> None:
    wanted = clock.now() + timedelta(hours=20)  # midnight in Los Angeles
    message_id = quiet.base.accepting.accept(a_send(to=ANGELENO, send_at=wanted.isoformat()))
    assert show(quiet, message_id)["due_at"] == OPENS_IN_LOS_ANGELES + timedelta(days=1)


def test_what_would_expire_before_it_may_leave_is_refused(quiet: WorkerRuntime, clock: ManualClock) -> None:
    soon = clock.now() + timedelta(hours=1)
    assert refusal(quiet, to=ANGELENO, expires_at=soon.isoformat()).field == "gate:quiet_hours"


def test_a_repeat_finds_the_first_message_when_a_gate_has_closed_since(
    quiet: WorkerRuntime, clock: ManualClock
) -> None:
    clock.advance(8.9 * 3600)
    expires_at = (clock.now() + timedelta(hours=1)).isoformat()
    send = a_send(to=LONDONER, expires_at=expires_at, idempotency_key="order-1")
    first = quiet.base.accepting.accept(send)
    clock.advance(600)
    assert quiet.base.accepting.accept(send) == first
    assert quiet.from_broker.send_many([send], {}, str(uuid4())) == [first]
    with pytest.raises(InvalidInput, match="gate:quiet_hours"):
        quiet.base.accepting.accept({**send, "idempotency_key": "order-2"})
    assert len(quiet.base.tracing.messages(tenant="default")) == 1


def test_a_redelivered_task_that_a_gate_refused_is_recorded_once(sending: WorkerRuntime) -> None:
    task_id = str(uuid4())
    ids = {sending.from_broker.send(a_send(to=INDIAN), task_id) for _ in range(2)}
    assert [one["status"] for one in sending.base.tracing.messages(tenant="default")] == ["rejected"]
    assert len(ids) == 1


def test_an_unknown_time_zone_is_refused(quiet: WorkerRuntime) -> None:
    assert refusal(quiet, tags={"time_zone": "Mars/Olympus"}).field == "tags.time_zone"


def test_quiet_hours_that_have_begun_since_hold_an_accepted_message(
    quiet: WorkerRuntime, simulator: Simulator, clock: ManualClock
) -> None:
    clock.advance(8 * 3600)  # 20:00 in London
    late = quiet.base.accepting.accept(a_send(to=LONDONER))
    awake = quiet.base.accepting.accept(a_send(to=ANGELENO))
    clock.advance(2 * 3600)
    drain(quiet)
    shown = show(quiet, late)
    assert (shown["status"], shown["due_at"]) == ("pending", datetime(2026, 11, 24, 8, tzinfo=UTC))
    assert [(event["status"], event["source"]) for event in shown["events"]] == [
        ("pending", "accept"),
        ("claimed", "deliver"),
        ("pending", "deliver"),
    ]
    assert "Europe/London" in shown["events"][-1]["detail"]
    assert shown["attempts"] == []
    assert show(quiet, awake)["status"] == "accepted"


def test_those_who_are_asleep_do_not_use_up_the_rate_of_those_who_are_awake(
    make_runtime: RuntimeMaker, clock: ManualClock
) -> None:
    runtime = make_runtime(QUIET.replace("= 2000", "= 5").replace("burst_segments = 40", "burst_segments = 1"))
    clock.advance(8 * 3600)
    asleep = [runtime.base.accepting.accept(a_send(to=LONDONER)) for _ in range(40)]
    awake = runtime.base.accepting.accept(a_send(to=ANGELENO))
    clock.advance(2 * 3600)
    run_lanes(runtime, rounds=100)  # time for a few tokens, not for forty
    assert show(runtime, awake)["status"] == "accepted"
    assert runtime.base.tracing.count_by_status(asleep) == {"pending": 40}
    assert {show(runtime, one)["due_at"] for one in asleep} == {datetime(2026, 11, 24, 8, tzinfo=UTC)}


def test_what_twilio_gave_up_at_the_end_of_the_window_leaves_again_in_the_next(
    quiet: WorkerRuntime, simulator: Simulator, clock: ManualClock
) -> None:
    clock.advance(8 * 3600)
    message_id = quiet.base.accepting.accept(a_send(to=LONDONER))
    drain(quiet)
    clock.advance(3600)
    sid = str(show(quiet, message_id)["sid"])
    quiet.following.apply([Evidence(message_id, "default", sid, "failed", VALIDITY_EXPIRED, clock.now(), 1)])
    clock.advance(3600)
    drain(quiet)
    assert len(creates(simulator)) == 1
    clock.advance(10 * 3600)
    drain(quiet)
    shown = show(quiet, message_id)
    assert (shown["status"], len(shown["attempts"])) == ("accepted", 2)


def test_twilio_may_not_keep_a_message_beyond_the_window(
    quiet: WorkerRuntime, simulator: Simulator, clock: ManualClock
) -> None:
    clock.advance(7 * 3600)  # 19:00 in London, two hours before the quiet
    expires_early = clock.now() + timedelta(hours=1)
    quiet.base.accepting.accept(a_send(to=LONDONER))
    quiet.base.accepting.accept(a_send(to=LONDONER, expires_at=expires_early.isoformat()))
    quiet.base.accepting.accept(a_send(to=LONDONER, tags={"intent": "otp"}))
    drain(quiet)
    assert [row["validity_period"] for row in creates(simulator)] == ["7200", "3600", None]


def test_a_message_that_no_hour_is_allowed_for_any_more_ends_with_a_reason_and_may_fall_back(
    sending: WorkerRuntime, make_runtime: RuntimeMaker, simulator: Simulator
) -> None:
    message_id = sending.base.accepting.accept(a_send(to="+80012345678", fallback=PLAN))
    restarted = make_runtime(QUIET)
    drain(restarted)
    shown = show(restarted, message_id)
    assert shown["status"] == "rejected"
    assert "time zone" in shown["reason"]
    assert [step["cause"] for step in shown["fallback"]] == ["rejected"]
    assert creates(simulator) == []


WARNING = f"""{QUICK_SERVICE}[services.default.registration]
use_case = "CUSTOMER_CARE"
samples = ["Hi {{name}}, your table is ready."]
links = false
"""


def test_a_text_that_strays_is_accepted_where_a_warning_is_enough_and_its_history_says_so(
    make_runtime: RuntimeMaker,
) -> None:
    runtime = make_runtime(WARNING)
    warned = Counting("messaging_gate_verdicts_total", gate="campaign", outcome="warns")
    stray = runtime.base.accepting.accept(a_send(body="Half price on shoes, see example.com/shoes"))
    fitting = runtime.base.accepting.accept(a_send(body="Hi Ada, your table is ready."))
    detail = show(runtime, stray)["events"][0]["detail"]
    assert detail.startswith("campaign: the text has a link, and the campaign was registered without; the text is like")
    assert "shoes" not in detail
    assert show(runtime, fitting)["events"][0]["detail"] is None
    assert warned.count == 1


def test_a_text_that_drifts_is_refused_where_that_is_wanted(make_runtime: RuntimeMaker) -> None:
    refused = Counting("messaging_gate_verdicts_total", gate="campaign", outcome="refused")
    error = refusal(make_runtime(WARNING + 'on_drift = "block"\n'), body="Half price on shoes")
    assert (error.field, refused.count) == ("gate:campaign", 1)
    assert "shoes" not in str(error)


def test_a_link_of_a_public_shortener_is_refused_whatever_is_declared(sending: WorkerRuntime) -> None:
    error = refusal(sending, body="Your table: https://bit.ly/3xyz")
    assert (error.field, "bit.ly" in error.reason, "3xyz" in str(error)) == ("gate:campaign", True, False)


def test_a_message_that_waits_says_at_which_gate_and_is_counted_until_it_leaves(
    quiet: WorkerRuntime, clock: ManualClock
) -> None:
    clock.advance(8 * 3600)  # 20:00 in London
    late = quiet.base.accepting.accept(a_send(to=LONDONER))
    clock.advance(2 * 3600)
    at_once = quiet.base.accepting.accept(a_send(to=LONDONER, body="Good night."))
    quiet.base.accepting.accept(a_send(to=ANGELENO))
    assert show(quiet, late)["gate"] is None
    drain(quiet)
    assert {show(quiet, one)["gate"] for one in (late, at_once)} == {"quiet_hours"}
    assert "status    pending at the gate quiet_hours: quiet hours where the" in "\n".join(timeline(show(quiet, late)))
    assert gauge(quiet.base, "messaging_gate_waiting", service="default", gate="quiet_hours") == 2
    clock.advance(10 * 3600)
    drain(quiet)
    assert {(show(quiet, one)["status"], show(quiet, one)["gate"]) for one in (late, at_once)} == {("accepted", None)}
    assert gauge(quiet.base, "messaging_gate_waiting", service="default", gate="quiet_hours") is None


def test_a_wait_is_counted_once_for_each_message_and_each_time(quiet: WorkerRuntime) -> None:
    waits = Counting("messaging_gate_verdicts_total", gate="quiet_hours", outcome="waits")
    send = a_send(to=ANGELENO, idempotency_key="order-1")
    assert {quiet.base.accepting.accept(send) for _ in range(2)} == {quiet.base.accepting.accept(send)}
    assert waits.count == 1


def test_each_tenant_keeps_its_own_quiet_hours(make_runtime: RuntimeMaker, clock: ManualClock) -> None:
    runtime = make_runtime(
        f'{QUIET}[tenants.acme]\naccount_sid = "AC{"c" * 32}"\nauth_token = "env:ACME_AUTH_TOKEN"\n'
        '[tenants.acme.quiet_hours]\nfrom = "10:00"\nto = "18:00"\n'
        '[services.acme-news]\ntenant = "acme"\nfrom_number = "+12065550100"\n'
    )
    ours = runtime.base.accepting.accept(a_send(to=LONDONER))
    theirs = runtime.base.accepting.accept(a_send(to=LONDONER, tenant="acme", service="acme-news"))
    assert show(runtime, ours)["due_at"] == clock.now()
    assert show(runtime, theirs)["due_at"] == datetime(2026, 11, 23, 18, tzinfo=UTC)


def test_who_waits_at_a_gate_can_be_listed(
    quiet: WorkerRuntime, database_url: str, redis_url: str, clock: ManualClock
) -> None:
    asleep = quiet.base.accepting.accept(a_send(to=ANGELENO))
    quiet.base.accepting.accept(a_send(to=LONDONER))
    surroundings = environment(DATABASE_URL=database_url, REDIS_URL=redis_url)
    listed = run_command(surroundings, "messages", "list", "--gate", "quiet_hours", "--json").json
    assert [(one["id"], one["gate"], one["due_at"]) for one in listed] == [
        (str(asleep), "quiet_hours", OPENS_IN_LOS_ANGELES.isoformat())
    ]
    assert "not before 2026-11-23 08:00" in listed[0]["reason"]
    assert run_command(surroundings, "messages", "list", "--gate", "consent", "--json").json == []
