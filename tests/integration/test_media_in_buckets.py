"""Media in buckets: kept as they were named, signed when they leave, and anew whenever they leave again."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.errors import InvalidInput
from messaging_pipeline.simulator.control_client import SimulatorControl
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.runtimes import TWO_TENANTS
from tests.plugins.simulators import QUICK_SERVICE, RuntimeMaker
from tests.support.buckets import KEYS, MENU, section
from tests.support.delivering import creates, drain, show
from tests.support.factories import a_send
from tests.support.falling import run, told, with_plan
from tests.support.followed import report, shown

SERVICE = QUICK_SERVICE + 'media_http = true\nmedia_private_hosts = ["127.0.0.1"]\n'
A_WEEK_SECONDS = 604_800


@pytest.fixture
def stored(make_runtime: RuntimeMaker, simulator: Simulator) -> WorkerRuntime:
    with SimulatorControl(simulator.url) as control:
        control.put_object("media", "menus/today 1+1.png")
    config = SERVICE + "media_check = true\nmms_link_fallback = true\nundelivered_retries = 0\n"
    return make_runtime(config + section(simulator), **KEYS)


def fetched(simulator: Simulator) -> list[str]:
    """The media addresses that Twilio was given."""
    with SimulatorControl(simulator.url) as control:
        return [url for one in control.messages()["messages"] for url in one["media_urls"]]


def lifetime_seconds(address: str) -> int:
    return int(parse_qs(urlsplit(address).query)["X-Amz-Expires"][0])


def opens(address: str) -> bool:
    return urllib3.request("GET", address, retries=False).status == 200


def test_twilio_gets_an_address_that_opens_and_we_keep_what_was_named(
    stored: WorkerRuntime, simulator: Simulator
) -> None:
    message_id = stored.base.accepting.accept(a_send(media_urls=[MENU]))
    drain(stored)
    (address,) = fetched(simulator)
    assert (opens(address), lifetime_seconds(address)) == (True, 14_400)
    assert show(stored, message_id)["status"] == "accepted"
    with stored.base.pool.connection() as connection:
        ((sealed,),) = connection.execute("select content from messages").fetchall()
    assert stored.base.sealer.unseal(sealed)["media_urls"] == [MENU]


def test_an_object_that_is_not_there_fails_where_media_are_looked_at(
    stored: WorkerRuntime, simulator: Simulator
) -> None:
    message_id = stored.base.accepting.accept(a_send(media_urls=["s3://media/gone.png"]))
    drain(stored)
    found = show(stored, message_id)
    assert (found["status"], found["reason"], creates(simulator)) == (
        "failed",
        "media 1 is not there (HTTP 404)",
        [],
    )


def test_people_get_a_link_that_lives_for_days_and_one_sms_though_it_is_made_twice(
    stored: WorkerRuntime, simulator: Simulator
) -> None:
    message_id = stored.base.accepting.accept(a_send(media_urls=[MENU]))
    drain(stored)
    sid = show(stored, message_id)["sid"]
    stored.following.apply([report(message_id, "undelivered", sid=sid, error_code=30011)])
    stored.sweep.run()
    with stored.base.pool.connection() as connection:  # as if it had been killed before it could write that down
        connection.execute("update mms_links set done_at = null")
        connection.execute("update messages set fingerprint = 'of other words' where id <> %s", [message_id])
    stored.sweep.run()
    drain(stored)
    bodies = _bodies(simulator)
    text, address = bodies[-1].split("\n")
    assert text == "Your table is ready."
    assert (opens(address), lifetime_seconds(address)) == (True, A_WEEK_SECONDS)
    assert len(stored.base.tracing.messages(tenant="default")) == 2
    assert "an SMS with the links follows" in show(stored, message_id)["events"][-1]["detail"]


def test_a_step_by_sms_brings_a_link_and_is_one_message_however_often_it_is_signed(stored: WorkerRuntime) -> None:
    message_id = with_plan(stored, {"channel": "sms", "to": "+14155550199"}, media_urls=[MENU])
    told(stored, message_id, "failed", 30500)
    run(stored, message_id, 1)
    with stored.base.pool.connection() as connection:  # as if the worker had been killed after it was handed over
        connection.execute("update fallback_steps set state = 'waiting', due_at = '2020-01-01'")
        connection.execute("update messages set fingerprint = 'of other words' where id <> %s", [message_id])
    run(stored, message_id, 1)
    (step,) = shown(stored, message_id)["fallback"]
    assert step["state"] == "sent"
    assert len(stored.base.tracing.messages(tenant="default")) == 2


def test_a_bucket_that_the_file_does_not_name_any_more_holds_only_its_own_messages_up(
    make_runtime: RuntimeMaker, simulator: Simulator
) -> None:
    before = make_runtime(SERVICE + section(simulator), **KEYS)
    message_id = before.base.accepting.accept(a_send(media_urls=[MENU]))
    after = make_runtime(SERVICE)
    text = after.base.accepting.accept(a_send())
    drain(after)
    found = show(after, message_id)
    assert (found["status"], found["attempts"]) == ("pending", [])
    assert found["reason"] == "its media are in a bucket, and messaging.toml has no [media.s3]"
    assert show(after, text)["status"] == "accepted"


@pytest.mark.parametrize("url", ["s3://media/theirs.png", "s3://shared/default/theirs.png"])
def test_a_tenant_takes_nothing_from_another_tenants_buckets(
    make_runtime: RuntimeMaker, simulator: Simulator, url: str
) -> None:
    buckets = 'default = ["media", "shared/default/"]\nacme = ["shared/acme/"]'
    runtime = make_runtime(QUICK_SERVICE + section(simulator, buckets) + TWO_TENANTS, **KEYS)
    arguments = a_send(media_urls=[url], tenant="acme", service="acme-alerts")
    with pytest.raises(InvalidInput, match=r"media_urls.0: is in no bucket of this tenant's"):
        runtime.base.accepting.accept(arguments)
    assert runtime.base.tracing.messages(tenant="acme") == []


def test_a_signature_that_grew_old_while_it_waited_ends_the_message_also_where_nobody_looks(
    sending: WorkerRuntime, simulator: Simulator, clock: ManualClock
) -> None:
    address = f"https://example.com/a.png?X-Amz-Date={clock.now():%Y%m%dT%H%M%SZ}&X-Amz-Expires=7200"
    plan: list[dict[str, Any]] = [{"channel": "email", "to": "ada@example.com"}]
    message_id = sending.base.accepting.accept(a_send(media_urls=[address], fallback=plan))
    clock.advance(301)
    drain(sending)
    found = show(sending, message_id)
    assert (found["status"], found["attempts"], creates(simulator)) == ("failed", [], [])
    assert found["reason"] == "media 1 expires less than 2 hours after the time of sending"
    assert [step["cause"] for step in found["fallback"]] == ["failed"]


def _bodies(simulator: Simulator) -> list[str]:
    with SimulatorControl(simulator.url) as control:
        return [one["body"] for one in control.messages()["messages"]]
