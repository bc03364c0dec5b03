"""Following: each report is written down once, and moves its message as far as it proves."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.decide.next_step import next_step
from messaging_pipeline.decide.policy import History, Policy
from messaging_pipeline.deliver import attempts
from messaging_pipeline.messages.state_machine import Standing, Status
from messaging_pipeline.twilio_api.outcome import Fault, NotSent, Refused
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.support.factories import a_send
from tests.support.followed import (
    LEASE,
    NOON,
    answered,
    heard,
    nameless,
    replayed,
    report,
    shown,
    sid_of,
    standing,
    under_way,
)
from tests.support.metric_deltas import Counting, reports


def unmatched(runtime: WorkerRuntime) -> list[tuple]:
    with runtime.base.pool.connection() as connection:
        return connection.execute(
            "select tenant, sid, status, error_code from unmatched_callbacks order by 1, 2, 3, 4"
        ).fetchall()


def a_message(runtime: WorkerRuntime) -> UUID:
    """A message that Twilio has taken."""
    (attempt,) = under_way(runtime)
    answered(runtime, attempt)
    return attempt.message.id


def test_a_report_moves_its_message_and_says_since_when_and_why(runtime: WorkerRuntime) -> None:
    message_id = a_message(runtime)
    later = NOON + timedelta(seconds=7)
    runtime.following.apply([report(message_id, "undelivered", error_code=30006, received_at=later)])
    message = shown(runtime, message_id)
    assert (message["status"], message["status_at"], message["error_code"]) == ("undelivered", later, 30006)
    assert message["reason"].startswith("The recipient's number is a landline")


def test_a_message_that_recovers_leaves_its_error_behind(runtime: WorkerRuntime) -> None:
    message_id = a_message(runtime)
    runtime.following.apply([report(message_id, "undelivered", error_code=30006)])
    runtime.following.apply([report(message_id, "delivered")])
    message = shown(runtime, message_id)
    assert (message["status"], message["error_code"], message["reason"]) == ("delivered", None, None)


def test_a_report_that_comes_late_is_written_down_and_moves_nothing(runtime: WorkerRuntime) -> None:
    message_id = a_message(runtime)
    runtime.following.apply([report(message_id, "delivered")])
    runtime.following.apply([report(message_id, "sent")])
    sid = sid_of(message_id)
    assert heard(runtime, message_id) == [("delivered", sid, None, True), ("sent", sid, None, False)]
    assert standing(runtime, message_id) == Standing(Status.DELIVERED, sid)


def test_a_report_told_again_is_counted_and_not_written_down_again(runtime: WorkerRuntime) -> None:
    message_id = a_message(runtime)
    new, repeated = reports("new"), reports("repeated")
    for _ in range(3):
        runtime.following.apply([report(message_id, "sent")])
    assert (new.count, repeated.count) == (1, 2)
    assert heard(runtime, message_id) == [("sent", sid_of(message_id), None, True)]


def test_a_copy_in_the_same_batch_is_not_written_down_either(runtime: WorkerRuntime) -> None:
    message_id = a_message(runtime)
    new, repeated = reports("new"), reports("repeated")
    applied = runtime.following.apply([report(message_id, "sent")] * 3)
    assert (new.count, repeated.count) == (1, 2)
    assert [one.status for one in applied.moved] == ["sent"]
    assert heard(runtime, message_id) == [("sent", sid_of(message_id), None, True)]


def test_the_same_status_with_another_error_is_news(runtime: WorkerRuntime) -> None:
    message_id = a_message(runtime)
    for error_code in (30006, 30005, 30006, None):
        runtime.following.apply([report(message_id, "undelivered", error_code=error_code)])
    assert [error_code for _, _, error_code, _ in heard(runtime, message_id)] == [30006, 30005, None]
    assert shown(runtime, message_id)["error_code"] == 30006


def test_a_batch_is_told_in_the_order_in_which_it_was_received(runtime: WorkerRuntime) -> None:
    message_id = a_message(runtime)
    runtime.following.apply(
        [
            report(message_id, "delivered", received_at=NOON + timedelta(seconds=2)),
            report(message_id, "sent", received_at=NOON + timedelta(seconds=1)),
        ]
    )
    assert [(status, moved) for status, _, _, moved in heard(runtime, message_id)] == [
        ("sent", True),
        ("delivered", True),
    ]


def test_a_status_reached_is_counted_once_per_message_and_batch(runtime: WorkerRuntime) -> None:
    ids = [a_message(runtime) for _ in range(2)]
    delivered = Counting("messaging_statuses_total", service="default", status="delivered")
    sent = Counting("messaging_statuses_total", service="default", status="sent")
    runtime.following.apply([report(one, status) for one in ids for status in ("sent", "delivered", "delivered")])
    assert (sent.count, delivered.count) == (0, 2)


def test_how_long_a_message_took_is_measured_from_its_acceptance(runtime: WorkerRuntime, clock: ManualClock) -> None:
    message_id = a_message(runtime)
    seconds = Counting("messaging_time_to_status_seconds_sum", service="default", status="delivered")
    clock.advance(42)
    runtime.following.apply([report(message_id, "delivered")])
    assert seconds.count == pytest.approx(42)


# A callback and the answer to the create: either may come first.


def test_a_callback_may_overtake_the_answer_to_the_create(runtime: WorkerRuntime) -> None:
    (attempt,) = under_way(runtime)
    message_id = attempt.message.id
    runtime.following.apply([report(message_id, "sent")])
    message = shown(runtime, message_id)
    assert (message["status"], message["sid"]) == ("sent", sid_of(message_id))
    (proven,) = message["attempts"]
    assert (proven["outcome"], proven["sid"], proven["finished_at"]) == ("accepted", sid_of(message_id), NOON)


def test_the_answer_that_was_overtaken_adds_its_line_and_changes_nothing_else(runtime: WorkerRuntime) -> None:
    (attempt,) = under_way(runtime)
    message_id = attempt.message.id
    runtime.following.apply([report(message_id, "sent")])
    before = shown(runtime, message_id)
    assert answered(runtime, attempt) is False
    after = shown(runtime, message_id)
    assert [(event["status"], event["source"], event["moved"]) for event in after["events"][-2:]] == [
        ("sent", "callback", True),
        ("queued", "deliver", False),
    ]
    assert [(one["outcome"], one["http_status"]) for one in after["attempts"]] == [("accepted", 201)]
    assert after["events"][:-1] == before["events"]
    assert {**after, "events": None, "attempts": None} == {**before, "events": None, "attempts": None}


def test_a_callback_settles_a_message_in_doubt(runtime: WorkerRuntime, clock: ManualClock) -> None:
    (attempt,) = under_way(runtime)
    message_id = attempt.message.id
    clock.advance(LEASE.total_seconds() + 1)
    runtime.sweep.run()
    assert standing(runtime, message_id) == Standing(Status.UNCONFIRMED)
    runtime.following.apply([report(message_id, "delivered")])
    assert standing(runtime, message_id) == Standing(Status.DELIVERED, sid_of(message_id))
    assert shown(runtime, message_id)["attempts"][0]["outcome"] == "accepted"
    assert replayed(runtime, message_id) == standing(runtime, message_id)


def test_a_callback_proves_a_message_sent_that_was_thought_to_be_waiting(runtime: WorkerRuntime) -> None:
    (attempt,) = under_way(runtime)
    message_id = attempt.message.id
    wrong = NotSent("unreachable", None, None, None, "a proxy told us so")
    with runtime.base.pool.connection() as connection:
        attempts.finish(connection, attempt, next_step(wrong, History(1), Policy(), NOON), NOON)
    assert standing(runtime, message_id) == Standing(Status.PENDING)
    runtime.following.apply([report(message_id, "sent")])
    assert standing(runtime, message_id) == Standing(Status.SENT, sid_of(message_id))
    assert replayed(runtime, message_id) == standing(runtime, message_id)


# Whose report is it?


def test_a_callback_without_a_message_in_its_path_is_matched_by_its_sid(runtime: WorkerRuntime) -> None:
    message_id = a_message(runtime)
    runtime.following.apply([nameless(message_id, "delivered")])
    assert standing(runtime, message_id).status is Status.DELIVERED
    assert unmatched(runtime) == []


def test_a_callback_with_an_unknown_sid_is_kept_once(runtime: WorkerRuntime) -> None:
    stranger = uuid4()
    counted = reports("unmatched")
    for _ in range(2):
        runtime.following.apply([nameless(stranger, "failed", error_code=30008)] * 2)
    assert unmatched(runtime) == [("default", sid_of(stranger), "failed", 30008)]
    assert counted.count == 4


def test_what_was_kept_is_applied_once_its_sid_is_known(runtime: WorkerRuntime) -> None:
    (attempt,) = under_way(runtime)
    message_id = attempt.message.id
    matched = Counting("messaging_swept_total", kind="matched")
    delivered = nameless(message_id, "delivered", received_at=NOON + timedelta(seconds=2))
    sent = nameless(message_id, "sent", received_at=NOON + timedelta(seconds=1))
    runtime.following.apply([delivered, sent])
    runtime.sweep.run()
    assert (matched.count, standing(runtime, message_id)) == (0, Standing(Status.CLAIMED))
    answered(runtime, attempt)
    runtime.sweep.run()
    sid = sid_of(message_id)
    assert matched.count == 2
    assert standing(runtime, message_id) == Standing(Status.DELIVERED, sid)
    assert heard(runtime, message_id) == [("sent", sid, None, True), ("delivered", sid, None, True)]
    assert unmatched(runtime) == []


def test_an_error_that_was_kept_is_still_an_error_when_it_is_applied(runtime: WorkerRuntime) -> None:
    (attempt,) = under_way(runtime)
    runtime.following.apply([nameless(attempt.message.id, "failed", error_code=21610)])
    answered(runtime, attempt)
    runtime.sweep.run()
    assert standing(runtime, attempt.message.id).status is Status.SUPPRESSED
    assert shown(runtime, attempt.message.id)["error_code"] == 21610


def test_a_callback_about_a_message_that_we_do_not_have_is_counted(runtime: WorkerRuntime) -> None:
    counted = reports("unknown_message")
    runtime.following.apply([report(uuid4(), "sent")])
    assert counted.count == 1
    assert unmatched(runtime) == []


def test_another_tenants_callback_about_our_message_does_nothing(runtime_of_two_tenants: WorkerRuntime) -> None:
    runtime = runtime_of_two_tenants
    message_id = a_message(runtime)
    before = shown(runtime, message_id)
    counted = reports("unknown_message")
    runtime.following.apply([report(message_id, "delivered", tenant="acme")])
    assert counted.count == 1
    assert shown(runtime, message_id) == before


def test_another_tenants_callback_about_our_sid_is_never_matched(runtime_of_two_tenants: WorkerRuntime) -> None:
    runtime = runtime_of_two_tenants
    message_id = a_message(runtime)
    before = shown(runtime, message_id)
    runtime.following.apply([nameless(message_id, "delivered", tenant="acme")])
    runtime.sweep.run()
    assert shown(runtime, message_id) == before
    assert unmatched(runtime) == [("acme", sid_of(message_id), "delivered", 0)]


def test_a_tenants_own_callback_moves_its_message(runtime_of_two_tenants: WorkerRuntime) -> None:
    runtime = runtime_of_two_tenants
    (attempt,) = under_way(runtime, tenant="acme", service="acme-alerts")
    runtime.following.apply([report(attempt.message.id, "sent", tenant="acme")])
    assert standing(runtime, attempt.message.id).status is Status.SENT


def test_a_report_about_another_sid_is_kept_in_the_history_and_moves_nothing(runtime: WorkerRuntime) -> None:
    message_id = a_message(runtime)
    other = sid_of(message_id, "MM")
    runtime.following.apply([report(message_id, "failed", sid=other)])
    assert standing(runtime, message_id) == Standing(Status.QUEUED, sid_of(message_id))
    assert heard(runtime, message_id) == [("failed", other, None, False)]
    assert replayed(runtime, message_id) == standing(runtime, message_id)


def test_the_first_sid_heard_is_the_messages_own_and_its_attempts(runtime: WorkerRuntime) -> None:
    (attempt,) = under_way(runtime)
    message_id = attempt.message.id
    first = sid_of(message_id, "MM")
    runtime.following.apply([report(message_id, "sent", sid=first), report(message_id, "delivered")])
    assert standing(runtime, message_id) == Standing(Status.SENT, first)
    assert shown(runtime, message_id)["attempts"][0]["sid"] == first


def test_a_report_that_moves_nothing_still_binds_its_sid(runtime: WorkerRuntime) -> None:
    (attempt,) = under_way(runtime)
    message_id = attempt.message.id
    refused = Refused(21211, 400, Fault.RECIPIENT, "not a number")
    with runtime.base.pool.connection() as connection:
        attempts.finish(connection, attempt, next_step(refused, History(1), Policy(), NOON), NOON)
    runtime.following.apply([report(message_id, "sent")])
    assert standing(runtime, message_id) == Standing(Status.FAILED, sid_of(message_id))
    assert shown(runtime, message_id)["error_code"] == 21211
    assert replayed(runtime, message_id) == standing(runtime, message_id)


# Words and errors.


def test_a_word_that_is_not_one_of_twilios_for_us_is_counted_and_moves_nothing(runtime: WorkerRuntime) -> None:
    message_id = a_message(runtime)
    before = shown(runtime, message_id)
    unknown, new = reports("unknown_status"), reports("new")
    words = ["partially_delivered", "received", "teleported", "Delivered", "suppressed", "pending"]
    runtime.following.apply([report(message_id, word) for word in words])
    assert (unknown.count, new.count) == (len(words), 0)
    assert shown(runtime, message_id) == before


def test_an_unknown_word_does_not_hold_up_the_rest_of_its_batch(runtime: WorkerRuntime) -> None:
    message_id = a_message(runtime)
    runtime.following.apply([report(message_id, "teleported"), report(message_id, "sent")])
    assert standing(runtime, message_id).status is Status.SENT


def test_an_empty_batch_is_no_trouble(runtime: WorkerRuntime) -> None:
    assert runtime.following.apply([]).moved == ()


def test_an_unknown_error_code_is_explained_as_unknown(runtime: WorkerRuntime) -> None:
    message_id = a_message(runtime)
    runtime.following.apply([report(message_id, "failed", error_code=99_999)])
    message = shown(runtime, message_id)
    assert (message["status"], message["error_code"]) == ("failed", 99_999)
    assert "not in our table" in message["reason"]


@pytest.mark.parametrize("status", ["failed", "undelivered"])
def test_a_failure_because_the_recipient_opted_out_is_a_suppression(runtime: WorkerRuntime, status: str) -> None:
    message_id = a_message(runtime)
    runtime.following.apply([report(message_id, status, error_code=21610)])
    assert standing(runtime, message_id).status is Status.SUPPRESSED
    assert "opted out" in shown(runtime, message_id)["reason"]


# What spoils one report must not spoil its neighbours.


def test_a_sid_that_is_another_messages_costs_its_neighbours_nothing(runtime: WorkerRuntime) -> None:
    first, second = (attempt.message.id for attempt in under_way(runtime, 2))
    third = a_message(runtime)
    stolen = report(second, "sent", sid=sid_of(first))
    failed, new = reports("failed"), reports("new")
    runtime.following.apply([report(first, "sent"), stolen, report(third, "delivered")])
    assert (failed.count, new.count) == (1, 2)
    assert standing(runtime, first) == Standing(Status.SENT, sid_of(first))
    assert standing(runtime, second) == Standing(Status.CLAIMED)
    assert standing(runtime, third).status is Status.DELIVERED


def test_a_report_that_cannot_be_applied_is_named_in_the_log_without_numbers(
    runtime: WorkerRuntime, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = (attempt.message.id for attempt in under_way(runtime, 2))
    runtime.following.apply([report(first, "sent")])
    runtime.following.apply([report(second, "sent", sid=sid_of(first))])
    assert str(second) in caplog.text
    assert a_send()["to"] not in caplog.text


def test_what_arrives_and_what_does_not_is_counted_by_country_and_code(runtime: WorkerRuntime) -> None:
    london, oslo = (under_way(runtime, to=number)[0].message.id for number in ("+442079460000", "+4791234567"))
    arrived = Counting(
        "messaging_deliveries_total", service="default", country="GB", carrier="unknown", status="delivered"
    )
    of_oslo = {"service": "default", "country": "NO", "carrier": "unknown"}
    filtered = Counting("messaging_delivery_errors_total", **of_oslo, error_code="30007")
    runtime.following.apply([report(london, "sent"), report(oslo, "undelivered", error_code=30007)])
    assert (arrived.count, filtered.count) == (0, 1)
    runtime.following.apply([report(london, "delivered"), report(oslo, "undelivered", error_code=30007)])
    assert (arrived.count, filtered.count) == (1, 1)


def test_a_code_that_our_table_does_not_hold_is_no_label(runtime: WorkerRuntime) -> None:
    (attempt,) = under_way(runtime, to="+4791234567")
    of_oslo = {"service": "default", "country": "NO", "carrier": "unknown"}
    other = Counting("messaging_delivery_errors_total", **of_oslo, error_code="other")
    runtime.following.apply([report(attempt.message.id, "undelivered", error_code=987654)])
    assert other.count == 1


def test_the_time_from_the_webhook_to_the_database_is_taken_of_callbacks(
    runtime: WorkerRuntime, clock: ManualClock
) -> None:
    (attempt,) = under_way(runtime)
    seconds = Counting("messaging_report_lag_seconds_sum")
    came_at = clock.now()
    clock.advance(7)
    runtime.following.apply([report(attempt.message.id, "sent", received_at=came_at)])
    runtime.following.apply([report(attempt.message.id, "delivered", received_at=came_at, source="reconcile")])
    assert seconds.count == 7
