"""New attempts after a message did not arrive: bounded, each on its own, and withdrawn by a late arrival."""

from datetime import timedelta
from uuid import UUID

import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.follow.apply_evidence import Evidence
from messaging_pipeline.ids import MessageId
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.simulators import QUICK_SERVICE, RuntimeMaker
from tests.support.delivering import creates, drain, show
from tests.support.factories import a_send
from tests.support.followed import replayed, standing

UNREACHABLE = 30003
LANDLINE = 30006
WITH_PLAN = {"fallback": [{"channel": "email", "to": "ada@example.com"}]}


def sent(runtime: WorkerRuntime, **send: object) -> MessageId:
    message_id = runtime.base.accepting.accept(a_send(**send))
    drain(runtime)
    return message_id


def sid_of_attempt(runtime: WorkerRuntime, message_id: MessageId, number: int) -> str:
    return str(show(runtime, message_id)["attempts"][number - 1]["sid"])


def told(runtime: WorkerRuntime, message_id: UUID, status: str, code: int | None = None, *, attempt: int = 1) -> None:
    """Let Twilio report on one attempt of a message."""
    sid = sid_of_attempt(runtime, MessageId(message_id), attempt)
    now = runtime.base.clock.now()
    runtime.following.apply([Evidence(message_id, "default", sid, status, code, now, attempt)])


def sent_again(runtime: WorkerRuntime, clock: ManualClock) -> None:
    clock.advance(1000)
    drain(runtime)


def test_a_handset_that_was_away_gets_another_attempt_with_a_callback_address_of_its_own(
    sending: WorkerRuntime, simulator: Simulator, clock: ManualClock
) -> None:
    message_id = sent(sending)
    told(sending, message_id, "undelivered", UNREACHABLE)
    waiting = show(sending, message_id)
    assert waiting["status"] == "pending"
    assert waiting["reason"].startswith("another attempt follows: The handset could not be reached")
    sent_again(sending, clock)
    first, second = (row["status_callback"].partition("#")[0] for row in creates(simulator))
    assert first.endswith(f"/twilio/status/{message_id}")
    assert second.endswith(f"/twilio/status/{message_id}/2")
    told(sending, message_id, "delivered", attempt=2)
    assert show(sending, message_id)["status"] == "delivered"
    assert standing(sending, message_id) == replayed(sending, message_id)


def test_it_does_not_leave_before_its_wait_is_over(
    sending: WorkerRuntime, simulator: Simulator, clock: ManualClock
) -> None:
    message_id = sent(sending)
    told(sending, message_id, "undelivered", UNREACHABLE)
    clock.advance(29)
    drain(sending)
    assert len(creates(simulator)) == 1


def test_after_the_last_attempt_it_ends_and_falls_back_once(
    sending: WorkerRuntime, simulator: Simulator, clock: ManualClock
) -> None:
    message_id = sent(sending, **WITH_PLAN)
    for attempt in (1, 2, 3):
        assert show(sending, message_id)["fallback"] == []
        told(sending, message_id, "undelivered", UNREACHABLE, attempt=attempt)
        sent_again(sending, clock)
    shown = show(sending, message_id)
    assert (shown["status"], shown["error_code"], len(shown["attempts"])) == ("undelivered", UNREACHABLE, 3)
    assert len(creates(simulator)) == 3
    assert len(shown["fallback"]) == 1


def test_a_service_may_forgo_new_attempts(make_runtime: RuntimeMaker) -> None:
    runtime = make_runtime(QUICK_SERVICE + "undelivered_retries = 0\n")
    message_id = sent(runtime, **WITH_PLAN)
    told(runtime, message_id, "undelivered", UNREACHABLE)
    shown = show(runtime, message_id)
    assert (shown["status"], len(shown["fallback"])) == ("undelivered", 1)


def test_a_failure_for_good_is_not_tried_again(sending: WorkerRuntime, clock: ManualClock) -> None:
    message_id = sent(sending)
    told(sending, message_id, "undelivered", LANDLINE)
    sent_again(sending, clock)
    assert len(show(sending, message_id)["attempts"]) == 1


def test_a_late_arrival_withdraws_the_attempt_that_waits(
    sending: WorkerRuntime, simulator: Simulator, clock: ManualClock
) -> None:
    message_id = sent(sending)
    told(sending, message_id, "undelivered", UNREACHABLE)
    told(sending, message_id, "delivered")
    sent_again(sending, clock)
    assert show(sending, message_id)["status"] == "delivered"
    assert len(creates(simulator)) == 1
    assert standing(sending, message_id) == replayed(sending, message_id)


@pytest.mark.parametrize("status", ["sent", "undelivered", "failed", "queued"])
def test_nothing_else_about_the_first_attempt_is_news_any_more(
    sending: WorkerRuntime, clock: ManualClock, status: str
) -> None:
    message_id = sent(sending)
    told(sending, message_id, "undelivered", UNREACHABLE)
    told(sending, message_id, status, LANDLINE)
    assert show(sending, message_id)["status"] == "pending"
    sent_again(sending, clock)
    told(sending, message_id, status, LANDLINE)
    shown = show(sending, message_id)
    assert shown["status"] == "accepted"
    assert shown["sid"] == sid_of_attempt(sending, message_id, 2)
    assert standing(sending, message_id) == replayed(sending, message_id)


def test_a_late_arrival_by_the_first_attempt_counts_even_while_the_second_is_under_way(
    sending: WorkerRuntime, clock: ManualClock
) -> None:
    message_id = sent(sending)
    told(sending, message_id, "undelivered", UNREACHABLE)
    sent_again(sending, clock)
    told(sending, message_id, "delivered", attempt=1)
    told(sending, message_id, "undelivered", LANDLINE, attempt=2)
    shown = show(sending, message_id)
    assert (shown["status"], shown["fallback"]) == ("delivered", [])
    assert [(event["attempt"], event["superseded"]) for event in shown["events"] if event["status"] == "delivered"] == [
        (1, True)
    ]


def test_a_report_that_names_no_message_finds_the_attempt_by_its_sid(
    sending: WorkerRuntime, clock: ManualClock
) -> None:
    message_id = sent(sending)
    first_sid = sid_of_attempt(sending, message_id, 1)
    told(sending, message_id, "undelivered", UNREACHABLE)
    sent_again(sending, clock)
    now = clock.now()
    sending.following.apply([Evidence(None, "default", first_sid, "failed", LANDLINE, now)])
    assert show(sending, message_id)["status"] == "accepted"
    second_sid = sid_of_attempt(sending, message_id, 2)
    sending.following.apply([Evidence(None, "default", second_sid, "sent", None, now)])
    assert show(sending, message_id)["status"] == "sent"


def test_another_attempt_that_would_come_too_late_is_not_made(sending: WorkerRuntime, clock: ManualClock) -> None:
    message_id = sent(sending, expires_at=clock.now() + timedelta(seconds=20))
    told(sending, message_id, "undelivered", UNREACHABLE)
    assert show(sending, message_id)["status"] == "undelivered"
