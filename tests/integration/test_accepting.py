"""Accepting writes a message down once, whoever asks and however often."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.errors import IdempotencyConflict, InvalidInput
from messaging_pipeline.ids import MessageId
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.support.factories import a_send


def rows(runtime: WorkerRuntime, statement: str) -> list[tuple]:
    with runtime.base.pool.connection() as connection:
        return connection.execute(statement).fetchall()


def test_an_accepted_message_is_pending_and_has_its_first_event(runtime: WorkerRuntime) -> None:
    message_id = runtime.base.accepting.accept(a_send())
    shown = runtime.base.tracing.message(message_id)
    assert (shown["status"], shown["segments"], shown["encoding"]) == ("pending", 1, "GSM-7")
    assert [(event["status"], event["source"]) for event in shown["events"]] == [("pending", "accept")]


def test_the_body_is_sealed_at_rest(runtime: WorkerRuntime, database_url: str) -> None:
    runtime.base.accepting.accept(a_send(body="a very private matter"))
    with psycopg.connect(database_url) as connection:
        stored = connection.execute("select messages::text from messages").fetchone()
    assert stored is not None
    assert "private" not in stored[0]


def test_the_same_key_and_content_give_the_first_messages_id(runtime: WorkerRuntime) -> None:
    first = runtime.base.accepting.accept(a_send(idempotency_key="order-1"))
    assert runtime.base.accepting.accept(a_send(idempotency_key="order-1")) == first
    assert rows(runtime, "select count(*) from messages") == [(1,)]


def test_the_same_key_with_other_content_is_refused_and_names_the_first(runtime: WorkerRuntime) -> None:
    first = runtime.base.accepting.accept(a_send(idempotency_key="order-1"))
    with pytest.raises(IdempotencyConflict) as refusal:
        runtime.base.accepting.accept(a_send(idempotency_key="order-1", body="Something else"))
    assert refusal.value.field == "idempotency_key"
    assert str(first) in str(refusal.value)
    assert rows(runtime, "select count(*) from messages") == [(1,)]


def test_the_same_message_id_twice_is_one_message(runtime: WorkerRuntime) -> None:
    message_id = str(uuid4())
    first = runtime.base.accepting.accept(a_send(message_id=message_id))
    assert runtime.base.accepting.accept(a_send(message_id=message_id)) == first
    assert str(first) == message_id


def test_twenty_producers_with_one_key_make_one_message(runtime: WorkerRuntime) -> None:
    with ThreadPoolExecutor(8) as producers:
        ids = list(producers.map(lambda _: runtime.base.accepting.accept(a_send(idempotency_key="k")), range(20)))
    assert len(set(ids)) == 1
    assert rows(runtime, "select count(*) from messages") == [(1,)]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"to": "+1415"}, "to"),
        ({"to": "0123456789"}, "to"),
        ({"body": ""}, "body"),
        ({"body": "  "}, "body"),
        ({"body": None}, "body"),
        ({"body": "x" * 1601}, "body"),
        ({"media_urls": [f"https://example.com/{n}.png" for n in range(11)]}, "media_urls"),
        ({"media_urls": ["ftp://example.com/a.png"]}, "media_urls.0"),
        ({"service": "nobody"}, "service"),
        ({"tenant": "nobody"}, "tenant"),
        ({"priority": "urgent"}, "priority"),
        ({"colour": "red"}, "colour"),
        ({"message_id": "not-a-uuid"}, "message_id"),
        ({"send_at": "2026-11-23T12:00:00"}, "send_at"),
        ({"send_at": "2027-11-23T12:00:00Z"}, "send_at"),
        ({"expires_at": "2026-11-23T11:00:00Z"}, "expires_at"),
        ({"idempotency_key": ""}, "idempotency_key"),
        ({"fallback": [{"channel": "pigeon", "to": "a@example.com"}]}, "fallback.0.channel"),
        ({"fallback": [{"channel": "email", "to": "nobody"}]}, "fallback.0.to"),
        ({"from_": "not a sender at all!"}, "from_"),
    ],
)
def test_bad_input_names_its_field_and_writes_nothing(runtime: WorkerRuntime, changes: dict, field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        runtime.base.accepting.accept(a_send(**changes))
    assert refusal.value.field == field
    assert rows(runtime, "select count(*) from messages") == [(0,)]


def test_an_error_never_repeats_what_was_asked(runtime: WorkerRuntime) -> None:
    with pytest.raises(InvalidInput) as refusal:
        runtime.base.accepting.accept(a_send(to="+1998877", body="a secret"))
    assert "998877" not in str(refusal.value)


def test_a_message_for_later_is_due_later(runtime: WorkerRuntime, clock: ManualClock) -> None:
    later = clock.now() + timedelta(hours=3)
    message_id = runtime.base.accepting.accept(a_send(send_at=later.isoformat()))
    assert runtime.base.tracing.message(message_id)["due_at"] == later


def test_arguments_without_names_are_told_that_they_need_names(runtime: WorkerRuntime) -> None:
    message_id = runtime.from_broker.send({}, str(uuid4()), unnamed=2)
    reason = runtime.base.tracing.message(message_id)["reason"]
    assert reason.startswith("arguments: 2 of them have no name; give every argument by name, such as kwargs={")


def test_a_bad_send_by_the_broker_leaves_a_rejected_record_with_its_reason(runtime: WorkerRuntime) -> None:
    task_id = str(uuid4())
    message_id = runtime.from_broker.send(a_send(to="12"), task_id)
    shown = runtime.base.tracing.message(message_id)
    assert str(message_id) == task_id
    assert shown["status"] == "rejected"
    assert shown["reason"].startswith("to: ")


def test_a_redelivered_task_accepts_nothing_twice(runtime: WorkerRuntime) -> None:
    task_id = str(uuid4())
    assert runtime.from_broker.send(a_send(), task_id) == runtime.from_broker.send(a_send(), task_id)
    assert rows(runtime, "select count(*) from messages") == [(1,)]


def test_a_redelivered_rejected_task_is_recorded_once(runtime: WorkerRuntime) -> None:
    task_id = str(uuid4())
    for _ in range(2):
        runtime.from_broker.send(a_send(to="12"), task_id)
    assert rows(runtime, "select status, count(*) from messages group by 1") == [("rejected", 1)]


def test_of_many_sends_the_good_ones_are_written_and_the_bad_ones_recorded(runtime: WorkerRuntime) -> None:
    many = [a_send(), a_send(to="12"), "nonsense", a_send(to="+442079460123")]
    ids = runtime.from_broker.send_many(many, {"tags": {"campaign": "spring"}}, str(uuid4()))
    assert len(set(ids)) == 4
    assert rows(runtime, "select status, count(*) from messages group by 1 order by 1") == [
        ("pending", 2),
        ("rejected", 2),
    ]
    assert rows(runtime, "select distinct tags->>'campaign' from messages where status = 'pending'") == [("spring",)]


UNSTORABLE = [
    ({"body": "half an emoji \ud83d"}, "body"),
    ({"tags": {"campaign": "\0"}}, "tags.campaign"),
    ({"tags": {"\0": "spring"}}, "tags.(a name)"),
    ({"\ud83d": 1}, "(a name)"),
    ({"tenant": "\0"}, "tenant"),
    ({"service": "\ud83d"}, "service"),
    ({"message_id": "\ud83d"}, "message_id"),
    ({"message_id": "\0"}, "message_id"),
    ({"sequence": "\0"}, "sequence"),
    ({"idempotency_key": "\0"}, "idempotency_key"),
    ({"media_urls": ["https://example.com/\ud83d"]}, "media_urls.0"),
    (
        {"fallback": [{"channel": "celery", "task": "a", "queue": "q", "arguments": {"a": ["\ud83d"]}}]},
        "fallback.0.arguments.a.0",
    ),
    ({"send_at": "0001-01-01T00:00:00+14:00"}, "send_at"),
    ({"expires_at": "9999-12-31T23:59:59-12:00"}, "expires_at"),
]


@pytest.mark.parametrize(("bad", "field"), UNSTORABLE)
def test_what_cannot_be_written_down_is_refused_and_takes_no_other_message_with_it(
    runtime: WorkerRuntime, bad: dict, field: str
) -> None:
    ids = runtime.from_broker.send_many([a_send(), a_send(**bad), a_send(to="+442079460123")], {}, str(uuid4()))
    found = rows(runtime, "select status, reason from messages order by status")
    assert [status for status, _ in found] == ["pending", "pending", "rejected"]
    assert found[2][1].startswith(f"{field}: ")
    assert len(set(ids)) == 3


def test_what_cannot_be_written_down_is_an_error_to_who_asks_directly(runtime: WorkerRuntime) -> None:
    with pytest.raises(InvalidInput) as refusal:
        runtime.base.accepting.accept(a_send(body="half an emoji \ud83d"))
    assert (refusal.value.field, refusal.value.reason) == ("body", "has half of a character (a lone surrogate) in it")


def test_a_task_with_a_name_that_cannot_be_written_down_is_accepted(runtime: WorkerRuntime) -> None:
    assert runtime.from_broker.send(a_send(), "\ud83d") == runtime.from_broker.send(a_send(), "\ud83d")


def test_a_repeat_inside_a_batch_does_not_spoil_the_batch(runtime: WorkerRuntime) -> None:
    many = [a_send(idempotency_key="a"), a_send(idempotency_key="a", body="other"), a_send(idempotency_key="b")]
    runtime.from_broker.send_many(many, {}, str(uuid4()))
    assert rows(runtime, "select status, count(*) from messages group by 1 order by 1") == [
        ("pending", 2),
        ("rejected", 1),
    ]


def test_a_list_that_is_none_is_one_rejected_record(runtime: WorkerRuntime) -> None:
    (message_id,) = runtime.from_broker.send_many(None, {}, str(uuid4()))
    assert runtime.base.tracing.message(MessageId(message_id))["status"] == "rejected"


def test_another_tenants_message_id_is_taken(runtime_of_two_tenants: WorkerRuntime) -> None:
    message_id = str(uuid4())
    runtime_of_two_tenants.base.accepting.accept(a_send(message_id=message_id))
    with pytest.raises(InvalidInput) as refusal:
        runtime_of_two_tenants.base.accepting.accept(
            a_send(message_id=message_id, tenant="acme", service="acme-alerts")
        )
    assert refusal.value.field == "message_id"
