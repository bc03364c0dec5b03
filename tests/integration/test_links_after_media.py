"""Media that could not arrive are followed by one SMS with links, where the service says so."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.deliver.link_texts import text_with_links
from messaging_pipeline.follow.apply_evidence import Evidence
from messaging_pipeline.history.timeline import timeline
from messaging_pipeline.ids import MessageId
from messaging_pipeline.simulator.control_client import SimulatorControl
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.simulators import QUICK_SERVICE, RuntimeMaker
from tests.support.delivering import creates, drain, show
from tests.support.factories import a_send
from tests.support.followed import report

LINKED = QUICK_SERVICE + "mms_link_fallback = true\nundelivered_retries = 0\n"
NOT_MOBILE = "+15005551005"
PICTURE = "https://example.com/menu.jpg"


@pytest.fixture
def linked(make_runtime: RuntimeMaker) -> WorkerRuntime:
    return make_runtime(LINKED)


def sent(runtime: WorkerRuntime, **changes: Any) -> MessageId:
    """A message with a picture that Twilio has taken, or refused."""
    message_id = runtime.base.accepting.accept(a_send(**{"media_urls": [PICTURE], **changes}))
    drain(runtime)
    return message_id


def told(runtime: WorkerRuntime, message_id: MessageId, status: str, code: int | None) -> Evidence:
    return report(message_id, status, sid=show(runtime, message_id)["sid"], error_code=code)


def others(runtime: WorkerRuntime, message_id: MessageId) -> list[MessageId]:
    return [one["id"] for one in runtime.base.tracing.messages(tenant="default") if one["id"] != message_id]


def test_an_sms_with_the_text_and_the_links_follows(linked: WorkerRuntime, simulator: Simulator) -> None:
    message_id = sent(linked)
    linked.following.apply([told(linked, message_id, "undelivered", 30011)])
    linked.sweep.run()
    drain(linked)
    with SimulatorControl(simulator.url) as control:
        first, second = control.messages()["messages"]
    assert (second["to"], second["body"]) == (first["to"], f"Your table is ready.\n{PICTURE}")
    assert second["sid"].startswith("SM")


def test_both_histories_name_each_other(linked: WorkerRuntime) -> None:
    message_id = sent(linked)
    linked.following.apply([told(linked, message_id, "undelivered", 30011)])
    linked.sweep.run()
    (follower,) = others(linked, message_id)
    ours, theirs = show(linked, message_id), show(linked, follower)
    assert ours["events"][-1]["detail"] == f"an SMS with the links follows: message {follower}"
    assert str(message_id) in theirs["events"][0]["detail"]
    assert theirs["idempotency_key"] == f"mms-link:{message_id}"
    line = f"undelivered (policy): an SMS with the links follows: message {follower}"
    assert any(one.endswith(line) for one in timeline(ours))


@pytest.mark.parametrize(
    ("status", "code"), [("undelivered", None), ("undelivered", 30003), ("failed", 30011), ("failed", 21614)]
)
def test_these_ends_are_followed(linked: WorkerRuntime, status: str, code: int | None) -> None:
    message_id = sent(linked)
    linked.following.apply([told(linked, message_id, status, code)])
    linked.sweep.run()
    assert len(others(linked, message_id)) == 1


@pytest.mark.parametrize(("status", "code"), [("failed", 30500), ("failed", 21610), ("delivered", None)])
def test_these_are_not(linked: WorkerRuntime, status: str, code: int | None) -> None:
    message_id = sent(linked)
    linked.following.apply([told(linked, message_id, status, code)])
    linked.sweep.run()
    assert others(linked, message_id) == []


def test_a_refusal_of_the_create_is_followed_too(linked: WorkerRuntime) -> None:
    message_id = sent(linked, to=NOT_MOBILE)
    assert show(linked, message_id)["status"] == "failed"
    linked.sweep.run()
    assert len(others(linked, message_id)) == 1


def test_a_message_without_media_is_followed_by_nothing(linked: WorkerRuntime) -> None:
    message_id = sent(linked, media_urls=[])
    linked.following.apply([told(linked, message_id, "undelivered", None)])
    linked.sweep.run()
    assert others(linked, message_id) == []


def test_the_sms_that_follows_is_followed_by_nothing(linked: WorkerRuntime) -> None:
    message_id = sent(linked, to=NOT_MOBILE)
    for _ in range(3):
        linked.sweep.run()
        drain(linked)
    assert len(others(linked, message_id)) == 1


def test_a_service_that_does_not_say_so_sends_nothing_more(sending: WorkerRuntime) -> None:
    message_id = sent(sending, to=NOT_MOBILE)
    sending.sweep.run()
    assert others(sending, message_id) == []


def test_another_attempt_comes_before_the_link(make_runtime: RuntimeMaker) -> None:
    runtime = make_runtime(QUICK_SERVICE + "mms_link_fallback = true\nundelivered_retries = 1\n")
    message_id = sent(runtime)
    runtime.following.apply([told(runtime, message_id, "undelivered", 30003)])
    runtime.sweep.run()
    assert show(runtime, message_id)["status"] == "pending"
    assert others(runtime, message_id) == []


def test_the_failure_heard_again_and_swept_by_many_makes_one_sms(linked: WorkerRuntime) -> None:
    message_id = sent(linked)
    heard = told(linked, message_id, "undelivered", 30011)
    for _ in range(3):
        linked.following.apply([heard])
    with ThreadPoolExecutor(4) as sweeps:
        list(sweeps.map(lambda _: linked.sweep.run(), range(8)))
    assert len(others(linked, message_id)) == 1
    notes = [one for one in show(linked, message_id)["events"] if one["source"] == "policy"]
    assert len(notes) == 1


def test_a_sweep_killed_after_it_made_the_sms_makes_no_second_one(linked: WorkerRuntime) -> None:
    message_id = sent(linked)
    linked.following.apply([told(linked, message_id, "undelivered", 30011)])
    linked.sweep.run()
    with linked.base.pool.connection() as connection:
        connection.execute("update mms_links set done_at = null")
    linked.sweep.run()
    assert len(others(linked, message_id)) == 1


def test_a_message_that_arrives_after_all_before_the_sweep_is_followed_by_nothing(linked: WorkerRuntime) -> None:
    message_id = sent(linked)
    linked.following.apply([told(linked, message_id, "undelivered", 30011)])
    linked.following.apply([told(linked, message_id, "delivered", None)])
    linked.sweep.run()
    assert others(linked, message_id) == []
    assert "arrived after all" in show(linked, message_id)["events"][-1]["detail"]


def test_a_link_after_the_messages_time_is_not_sent(linked: WorkerRuntime, clock: ManualClock) -> None:
    message_id = sent(linked, expires_at=(clock.now() + timedelta(minutes=5)).isoformat())
    linked.following.apply([told(linked, message_id, "undelivered", 30011)])
    clock.advance(301)
    linked.sweep.run()
    assert others(linked, message_id) == []
    assert "time is over" in show(linked, message_id)["events"][-1]["detail"]


def test_a_service_that_accepts_nothing_is_told_in_the_history(linked: WorkerRuntime) -> None:
    message_id = sent(linked)
    linked.following.apply([told(linked, message_id, "undelivered", 30011)])
    with linked.base.pool.connection() as connection:
        connection.execute(
            "insert into service_states (service, accepting, changed_at) values ('default', false, now())"
        )
    linked.base.board.forget()
    linked.sweep.run()
    assert others(linked, message_id) == []
    assert "no SMS with links follows: service" in show(linked, message_id)["events"][-1]["detail"]


def test_an_opted_out_recipient_gets_no_link(linked: WorkerRuntime, simulator: Simulator) -> None:
    message_id = sent(linked)
    linked.following.apply([told(linked, message_id, "undelivered", 30011)])
    with linked.base.pool.connection() as connection:
        connection.execute(
            "insert into opt_outs (tenant, scope, number, since) select tenant, '*', to_number, now() from messages"
        )
    linked.sweep.run()
    drain(linked)
    assert len(creates(simulator)) == 1


@pytest.mark.parametrize(
    ("body", "links", "text"),
    [
        ("Hi", ["https://a"], "Hi\nhttps://a"),
        (None, ["https://a", "https://b"], "https://a\nhttps://b"),
        ("x" * 1600, ["https://a"], "x" * 1587 + "...\nhttps://a"),
        ("Hi", ["https://" + "a" * 792, "https://" + "b" * 792, "https://c"], "https://" + "a" * 792),
        ("Hi", ["https://" + "a" * 1591], "https://" + "a" * 1591),
    ],
)
def test_the_text_gives_way_to_the_links(body: str | None, links: list[str], text: str) -> None:
    made = text_with_links(body, links)
    assert len(made) <= 1600
    assert text in made
