"""Canceling: what has not left is taken back, also out of a worker's hands and out of Twilio's schedule."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.deliver import attempts
from messaging_pipeline.deliver.claims import Wanted, claim_due
from messaging_pipeline.errors import NotAllowed, NotFound, NotReachable
from messaging_pipeline.ids import MessageId, new_message_id
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.simulators import RuntimeMaker
from tests.support.delivering import DEFAULT, creates, drain, show
from tests.support.factories import ACCOUNT_SID, AUTH_TOKEN, RECIPIENT, SERVICE_SID, a_send
from tests.support.followed import LEASE, report, under_way
from tests.support.reconciled import broken_rules
from tests.support.simulated_twilio import in_minutes, real_client

SCHEDULED_SID = "SM" + "5" * 32


def scheduled(runtime: WorkerRuntime, sid: str = SCHEDULED_SID) -> MessageId:
    """A message that Twilio holds until its time."""
    (attempt,) = under_way(runtime)
    runtime.following.apply([report(attempt.message.id, "scheduled", sid=sid)])
    return attempt.message.id


def schedule_at_twilio(simulator: Simulator) -> str:
    client = real_client(simulator.url, ACCOUNT_SID, AUTH_TOKEN)
    created = client.messages.create(
        to=RECIPIENT,
        body="Later",
        messaging_service_sid=SERVICE_SID,
        schedule_type="fixed",
        send_at=in_minutes(60),  # type: ignore[arg-type]
    )
    client.http_client.session.close()  # type: ignore[attr-defined]
    return str(created.sid)


def test_a_message_in_a_workers_hands_is_taken_out_of_them(
    sending: WorkerRuntime, simulator: Simulator, clock: ManualClock
) -> None:
    message_id = sending.base.accepting.accept(a_send())
    until = clock.now() + LEASE
    (claimed,) = claim_due(sending.base.pool, Wanted(DEFAULT, 10), now=clock.now(), lease_until=until)
    sending.base.canceling.cancel(message_id, "default")
    with sending.base.pool.connection() as connection:
        opened = attempts.start(connection, claimed, now=clock.now(), lease_until=until, worker="tests")
    assert opened is None
    assert (show(sending, message_id)["status"], show(sending, message_id)["attempts"]) == ("canceled", [])
    assert broken_rules(sending) == {}


def test_a_message_whose_request_is_under_way_cannot_be_canceled(sending: WorkerRuntime) -> None:
    (attempt,) = under_way(sending)
    with pytest.raises(NotAllowed, match="is claimed"):
        sending.base.canceling.cancel(attempt.message.id, "default")
    assert show(sending, attempt.message.id)["status"] == "claimed"


def test_either_the_request_leaves_or_the_cancel_succeeds_and_never_both(
    sending: WorkerRuntime, simulator: Simulator
) -> None:
    ids = [sending.base.accepting.accept(a_send(to=f"+141555501{number:02d}")) for number in range(40)]

    def cancel(message_id: MessageId) -> bool:
        try:
            sending.base.canceling.cancel(message_id, "default")
        except NotAllowed:
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        lanes = [threads.submit(drain, sending) for _ in range(2)]
        canceled = list(threads.map(cancel, ids))
        for lane in lanes:
            lane.result()
    drain(sending)
    counts = sending.base.tracing.count_by_status(ids)
    assert counts.get("canceled", 0) == sum(canceled)
    assert len(creates(simulator)) == 40 - sum(canceled)
    assert broken_rules(sending) == {}


def test_a_message_that_waits_for_another_try_can_be_canceled(
    sending: WorkerRuntime, simulator: Simulator, clock: ManualClock
) -> None:
    message_id = sending.base.accepting.accept(a_send(to="+15005551025"))
    drain(sending)
    assert show(sending, message_id)["status"] == "pending"
    sending.base.canceling.cancel(message_id, "default")
    clock.advance(timedelta(days=1).total_seconds())
    drain(sending)
    assert show(sending, message_id)["status"] == "canceled"
    assert len(creates(simulator)) == 1


def test_what_waits_in_twilios_schedule_is_canceled_there(sending: WorkerRuntime, simulator: Simulator) -> None:
    message_id = scheduled(sending, schedule_at_twilio(simulator))
    sending.base.canceling.cancel(message_id, "default")
    shown = show(sending, message_id)
    assert (shown["status"], shown["events"][-1]["source"]) == ("canceled", "reconcile")
    sending.base.canceling.cancel(message_id, "default")
    assert broken_rules(sending) == {}


def test_what_has_left_twilios_schedule_cannot_be_canceled(sending: WorkerRuntime, simulator: Simulator) -> None:
    sid = schedule_at_twilio(simulator)
    message_id = scheduled(sending, sid)
    sending.base.accounts.of("default").cancel(sid)
    with pytest.raises(NotAllowed, match="past its schedule"):
        sending.base.canceling.cancel(message_id, "default")


def test_a_twilio_that_is_away_leaves_the_schedule_as_it_is(make_runtime: RuntimeMaker) -> None:
    runtime = make_runtime(TWILIO_API_BASE_URL="http://127.0.0.1:9")
    message_id = scheduled(runtime)
    with pytest.raises(NotReachable, match="Twilio"):
        runtime.base.canceling.cancel(message_id, "default")
    assert show(runtime, message_id)["status"] == "scheduled"


def test_another_tenants_message_is_not_found(sending: WorkerRuntime) -> None:
    message_id = sending.base.accepting.accept(a_send())
    for key, tenant in ((message_id, "acme"), (new_message_id(), "default")):
        with pytest.raises(NotFound):
            sending.base.canceling.cancel(key, tenant)
    assert show(sending, message_id)["status"] == "pending"
