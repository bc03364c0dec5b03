"""Reconciling: what Twilio knows and we do not comes home by asking, through the same code as a callback."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.reconcile.alone import alone_with
from messaging_pipeline.reconcile.report import Limits
from messaging_pipeline.simulator.configuration import (
    AccountConfig,
    Faults,
    SenderConfig,
    ServiceConfig,
    SimulatorConfig,
)
from messaging_pipeline.simulator.control_client import SimulatorControl
from messaging_pipeline.simulator.in_thread import simulator_in_thread
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.twilio_api.client import CreateMessage, TwilioApi
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.simulators import QUICK_SERVICE, RuntimeMaker
from tests.support.delivering import show
from tests.support.factories import ACCOUNT_SID, AUTH_TOKEN, SERVICE_SID
from tests.support.followed import report
from tests.support.gauges import gauge
from tests.support.metric_deltas import Counting
from tests.support.reconciled import (
    DELIVERED,
    SENT_AND_NO_MORE,
    STAYS_QUEUED,
    UNKNOWN_TO_THE_CARRIER,
    ask_everything,
    broken_rules,
    inbound,
    row,
    sent,
    statuses,
    until_at_twilio,
)

HOUR = 3600.0
PERSON = "+14155550177"
OUR_NUMBER = "+12065550100"
SECRETS = ("table is ready", DELIVERED)


@pytest.fixture
def clock() -> ManualClock:
    """The simulator dates messages by the real clock, so ours begins there."""
    return ManualClock(datetime.now(UTC))


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """Twilio at 200 times its speed; none of its webhooks reaches us."""
    config = SimulatorConfig(
        accounts=(AccountConfig(ACCOUNT_SID, AUTH_TOKEN),),
        services=(ServiceConfig(SERVICE_SID, senders=(OUR_NUMBER,)),),
        senders=(SenderConfig(OUR_NUMBER),),
        faults=Faults(callback_lost=1.0),
        speed=200.0,
    )
    with simulator_in_thread(config) as it:
        yield it


def say(simulator: Simulator, body: str, **more: tuple[str, ...]) -> str:
    """Let a person write to us; nothing of it reaches us."""
    with SimulatorControl(simulator.url) as control:
        return str(control.receive_text(PERSON, OUR_NUMBER, body, **more)["sid"])


def create_as_another_program(simulator: Simulator, to: str = PERSON) -> None:
    api = TwilioApi(ACCOUNT_SID, AUTH_TOKEN, simulator.url)
    api.create(CreateMessage(to=to, body="Not from here", messaging_service_sid=SERVICE_SID))  # type: ignore[arg-type]
    api.close()


def test_after_an_hour_without_webhooks_one_run_brings_every_status_and_every_message_home(
    sending: WorkerRuntime, simulator: Simulator, clock: ManualClock
) -> None:
    arrived = sent(sending, *[f"+1415555{number:04d}" for number in range(40)])
    unknown = sent(sending, UNKNOWN_TO_THE_CARRIER)
    quiet = sent(sending, SENT_AND_NO_MORE)
    written = [say(simulator, f"Answer {number}") for number in range(12)]
    until_at_twilio(simulator, "delivered", "undelivered", "sent")
    assert set(statuses(sending, arrived + unknown + quiet)) == {"accepted"}
    clock.advance(HOUR)
    found = ask_everything(sending)
    assert statuses(sending, arrived) == ["delivered"] * 40
    assert (show(sending, unknown[0])["status"], show(sending, unknown[0])["error_code"]) == ("undelivered", 30005)
    assert statuses(sending, quiet) == ["sent"]
    assert [dict(form)["MessageSid"] for form in inbound(sending)] == written
    assert (found.findings["moved"], found.findings["inbound"], found.findings["foreign"]) == (42, 12, 0)
    assert found.is_complete
    assert found.requests < 42
    assert broken_rules(sending) == {}


def test_what_was_brought_home_says_how(sending: WorkerRuntime, simulator: Simulator) -> None:
    (message_id,) = sent(sending, DELIVERED)
    until_at_twilio(simulator, "delivered")
    ask_everything(sending)
    event = show(sending, message_id)["events"][-1]
    assert (event["status"], event["source"], event["moved"]) == ("delivered", "reconcile", True)


def test_running_again_changes_nothing(sending: WorkerRuntime, simulator: Simulator) -> None:
    (message_id,) = sent(sending, DELIVERED)
    say(simulator, "Hello")
    until_at_twilio(simulator, "delivered")
    ask_everything(sending)
    before = show(sending, message_id)
    found = ask_everything(sending)
    assert (show(sending, message_id), len(inbound(sending))) == (before, 1)
    assert (found.findings["moved"], found.findings["inbound"]) == (0, 0)


def test_a_webhook_that_comes_after_all_is_no_second_message_and_no_second_report(
    sending: WorkerRuntime, simulator: Simulator, clock: ManualClock
) -> None:
    (message_id,) = sent(sending, DELIVERED)
    say(simulator, "Hello")
    until_at_twilio(simulator, "delivered")
    ask_everything(sending)
    (form,) = inbound(sending)
    sealed = sending.base.sealer.seal(form).decode()
    assert not sending.receiving.store(tenant="default", sealed_form=sealed, received_at=clock.now())
    sid = show(sending, message_id)["sid"]
    sending.following.apply([report(message_id, "delivered", sid=sid)])
    assert [event["status"] for event in show(sending, message_id)["events"]].count("delivered") == 1


def test_a_recovered_message_is_the_form_that_the_webhook_would_have_posted(
    sending: WorkerRuntime, simulator: Simulator
) -> None:
    sid = say(simulator, "Look", media_urls=("https://files.example.com/cat.png",))
    ask_everything(sending)
    (form,) = inbound(sending)
    fields = dict(form)
    assert len(fields) == len(form)
    assert fields["MediaUrl0"].startswith(f"{simulator.url}/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{sid}/Media/ME")
    assert {name: fields[name] for name in fields if name != "MediaUrl0"} == {
        "AccountSid": ACCOUNT_SID,
        "MessageSid": sid,
        "SmsSid": sid,
        "SmsMessageSid": sid,
        "SmsStatus": "received",
        "From": PERSON,
        "To": OUR_NUMBER,
        "Body": "Look",
        "NumMedia": "1",
        "MediaContentType0": "image/png",
        "MessagingServiceSid": SERVICE_SID,
        "RecoveredBy": "reconcile",
    }


def test_messages_from_people_are_stored_in_the_order_in_which_they_were_written(
    sending: WorkerRuntime, simulator: Simulator
) -> None:
    for body in ("STOP", "START", "STOP"):
        say(simulator, body)
    ask_everything(sending)
    assert [dict(form)["Body"] for form in inbound(sending)] == ["STOP", "START", "STOP"]


def test_messages_of_other_programs_are_counted_once_and_never_stored(
    sending: WorkerRuntime, simulator: Simulator, clock: ManualClock
) -> None:
    create_as_another_program(simulator)
    until_at_twilio(simulator, "delivered")
    clock.advance(60)
    assert ask_everything(sending).findings["foreign"] == 1
    clock.advance(60)
    assert ask_everything(sending).findings["foreign"] == 0
    assert sending.base.tracing.messages(tenant="default") == []


def test_beat_asks_about_what_is_due_and_leaves_the_rest_alone(
    sending: WorkerRuntime, simulator: Simulator, clock: ManualClock
) -> None:
    (message_id,) = sent(sending, STAYS_QUEUED)
    until_at_twilio(simulator, "queued")
    sending.reconciling.run()  # reads the lists for the first time, and asks about nothing
    assert statuses(sending, [message_id]) == ["accepted"]
    clock.advance(121)
    asked = Counting("messaging_reconcile_requests_total", kind="fetch")
    sending.reconciling.run()
    assert (statuses(sending, [message_id]), asked.count) == (["queued"], 1)
    sending.reconciling.run()
    assert asked.count == 1


def test_questions_without_news_become_rarer(sending: WorkerRuntime, simulator: Simulator, clock: ManualClock) -> None:
    (message_id,) = sent(sending, SENT_AND_NO_MORE)
    until_at_twilio(simulator, "sent")
    ask_everything(sending)
    ages = []
    for _ in range(4):
        check_at, status_at = row(sending, message_id, "check_at, status_at")
        ages.append((check_at - status_at).total_seconds())
        clock.advance((check_at - clock.now()).total_seconds())
        sending.reconciling.run()
    assert ages == [120, 600, 3600, 14_400]


def test_a_message_that_stays_quiet_is_given_up_with_a_reason_and_still_hears_what_comes_later(
    sending: WorkerRuntime, simulator: Simulator, clock: ManualClock
) -> None:
    (message_id,) = sent(sending, SENT_AND_NO_MORE)
    until_at_twilio(simulator, "sent")
    ask_everything(sending)
    clock.advance(3 * 24 * HOUR)
    assert sending.reconciling.run().findings["given_up"] == 1
    shown = show(sending, message_id)
    assert shown["reason"] == "nothing was heard for 3 days; `sent` is the last that Twilio told"
    assert (shown["status"], row(sending, message_id, "check_at, given_up_at")) == ("sent", (None, clock.now()))
    last = shown["events"][-1]
    assert (last["status"], last["source"], last["moved"], last["detail"]) == ("sent", "sweep", False, shown["reason"])
    assert sending.reconciling.run().findings["given_up"] == 0
    sending.following.apply([report(message_id, "delivered", sid=shown["sid"], received_at=clock.now())])
    assert statuses(sending, [message_id]) == ["delivered"]
    assert row(sending, message_id, "given_up_at, reason") == (None, None)
    assert broken_rules(sending) == {}


def test_a_message_that_twilio_has_not_any_more_is_given_up_with_that_reason(
    sending: WorkerRuntime, simulator: Simulator, clock: ManualClock
) -> None:
    (message_id,) = sent(sending, DELIVERED)
    until_at_twilio(simulator, "delivered")
    with SimulatorControl(simulator.url) as control:
        control.reset()
    clock.advance(121)
    assert sending.reconciling.run().findings["missing"] == 1
    shown = show(sending, message_id)
    assert shown["status"] == "accepted"
    assert "does not have this message any more" in shown["reason"]
    assert row(sending, message_id, "check_at") == (None,)
    assert broken_rules(sending) == {}


def test_many_quiet_messages_cost_a_page_and_not_a_request_each(
    sending: WorkerRuntime, simulator: Simulator, clock: ManualClock
) -> None:
    ids = sent(sending, *[f"+1415555{number:04d}" for number in range(50)])
    sending.reconciling.run()  # from now on the lists are not due for five minutes
    until_at_twilio(simulator, "delivered")
    clock.advance(121)
    listed = Counting("messaging_reconcile_requests_total", kind="list")
    fetched = Counting("messaging_reconcile_requests_total", kind="fetch")
    found = sending.reconciling.run()
    assert statuses(sending, ids) == ["delivered"] * 50
    assert (fetched.count, found.requests) == (0, listed.count)
    assert listed.count <= 2


def test_what_a_list_does_not_tell_is_fetched(sending: WorkerRuntime, simulator: Simulator, clock: ManualClock) -> None:
    """A list by date of sending leaves out what is still queued."""
    ids = sent(sending, *[f"+1415555{number:04d}" for number in range(20)], STAYS_QUEUED, STAYS_QUEUED)
    until_at_twilio(simulator, "delivered", "queued")
    clock.advance(121)
    fetched = Counting("messaging_reconcile_requests_total", kind="fetch")
    sending.reconciling.run()
    assert sending.base.tracing.count_by_status(ids) == {"delivered": 20, "queued": 2}
    assert fetched.count == 2


def test_a_throttled_run_ends_early_and_the_next_one_goes_on(
    sending: WorkerRuntime, simulator: Simulator, clock: ManualClock
) -> None:
    ids = sent(sending, DELIVERED, SENT_AND_NO_MORE)
    until_at_twilio(simulator, "delivered", "sent")
    clock.advance(121)
    with SimulatorControl(simulator.url) as control:
        control.set_faults(concurrency_limit=1, latency_ms=300)
        held = TwilioApi(ACCOUNT_SID, AUTH_TOKEN, simulator.url)
        busy = Thread(target=held.list_messages)
        busy.start()
        while not control.state()["accounts"][0]["open_requests"]:
            pass
        found = sending.reconciling.run()
        busy.join()
        held.close()
        control.set_faults(concurrency_limit=0, latency_ms=0)
    assert (found.endings, found.is_complete, found.requests) == ({"default": "throttled"}, False, 1)
    assert set(statuses(sending, ids)) == {"accepted"}
    sending.reconciling.run()
    assert statuses(sending, ids) == ["delivered", "sent"]


def test_a_run_costs_no_more_requests_than_it_may(
    make_runtime: RuntimeMaker, simulator: Simulator, clock: ManualClock
) -> None:
    runtime = make_runtime(QUICK_SERVICE)
    sent(runtime, *[STAYS_QUEUED] * 10)
    until_at_twilio(simulator, "queued")
    clock.advance(121)
    found = runtime.reconciling.run(Limits(requests=6))
    assert (found.requests, found.endings) == (6, {"default": "limit"})
    clock.advance(200)  # what was taken and not asked about comes back by itself
    ids_left = runtime.base.tracing.messages(tenant="default", status="accepted")
    assert len(ids_left) > 0
    runtime.reconciling.run(Limits())
    assert runtime.base.tracing.messages(tenant="default", status="accepted") == []


def test_an_interrupted_reading_of_lists_goes_on_where_it_was_ticked_off(
    sending: WorkerRuntime, simulator: Simulator, clock: ManualClock
) -> None:
    sids = [say(simulator, "Hello"), say(simulator, "Are you there?")]
    clock.advance(2 * HOUR)
    found = sending.reconciling.run(Limits(requests=4))  # two for the lists, of more than a day
    assert (found.endings, inbound(sending)) == ({"default": "limit"}, [])
    for _ in range(3):
        clock.advance(300)
        sending.reconciling.run(Limits(requests=4))
    assert [dict(form)["MessageSid"] for form in inbound(sending)] == sids


def test_a_tenant_that_another_process_reconciles_is_left_to_it(sending: WorkerRuntime) -> None:
    with alone_with(sending.base.pool, "default") as is_ours:
        assert is_ours
        found = sending.reconciling.run()
    assert (found.busy, found.requests, found.is_complete) == (["default"], 0, False)
    assert sending.reconciling.run().busy == []


def test_a_twilio_that_is_away_costs_nothing_but_the_run(make_runtime: RuntimeMaker, clock: ManualClock) -> None:
    runtime = make_runtime()
    ids = sent(runtime, DELIVERED, DELIVERED, DELIVERED)
    away = make_runtime(TWILIO_API_BASE_URL="http://127.0.0.1:9")
    clock.advance(4 * 24 * HOUR)
    found = away.reconciling.run()
    assert (found.is_complete, found.findings["given_up"]) == (False, 0)
    assert set(statuses(runtime, ids)) == {"accepted"}


def test_since_reads_again_what_was_read_and_moves_no_cursor_back(
    sending: WorkerRuntime, simulator: Simulator, clock: ManualClock
) -> None:
    clock.advance(HOUR)
    ask_everything(sending)
    say(simulator, "Dated an hour before the cursor")
    assert ask_everything(sending).findings["inbound"] == 0
    found = ask_everything(sending, since=clock.now() - timedelta(hours=2))
    assert found.findings["inbound"] == 1
    with sending.base.pool.connection() as connection:
        (until,) = connection.execute("select listed_until from reconcile_cursors").fetchone() or (None,)
    assert until == clock.now()


def test_doubt_that_lasts_too_long_shows_in_a_gauge(
    sending: WorkerRuntime, simulator: Simulator, clock: ManualClock
) -> None:
    sent(sending, "+15005551024")
    assert gauge(sending.base, "messaging_unconfirmed_messages", service="default") == 1
    assert gauge(sending.base, "messaging_unconfirmed_overdue", service="default") == 0
    clock.advance(901)
    assert gauge(sending.base, "messaging_unconfirmed_messages", service="default") == 1
    assert gauge(sending.base, "messaging_unconfirmed_overdue", service="default") == 1


def test_another_tenants_messages_are_never_taken_for_ones_own(sending: WorkerRuntime, simulator: Simulator) -> None:
    """The SID is known, but to somebody else."""
    (message_id,) = sent(sending, DELIVERED)
    until_at_twilio(simulator, "delivered")
    with sending.base.pool.connection() as connection:
        connection.execute("update messages set tenant = 'acme'")
    ask_everything(sending)
    assert statuses(sending, [message_id]) == ["accepted"]
