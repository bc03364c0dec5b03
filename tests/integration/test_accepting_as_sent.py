"""What becomes of a request on its way into the database: its service by country, its text by Smart Encoding."""

import pytest

from messaging_pipeline.errors import InvalidInput
from messaging_pipeline.history.timeline import timeline
from messaging_pipeline.ids import MessageId, ServiceKey
from messaging_pipeline.simulator.control_client import SimulatorControl
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.simulators import QUICK_SERVICE, RuntimeMaker
from tests.support.delivering import creates, drain, show
from tests.support.factories import a_send

ROUTED = """
[services.alerts-us]
from_number = "+15005550006"
segments_per_second = 500
[services.alerts-uk]
from_number = "+442079460999"
smart_encoding = true
[routes.alerts]
alerts-us = ["US", "CA"]
alerts-uk = ["GB"]
"""
TYPED = "\u201cReady\u201d \u2013 it\u2019s yours\u2026"
PLAIN = '"Ready" - it\'s yours...'


def body_of(runtime: WorkerRuntime, message_id: MessageId) -> str:
    """The text that is stored."""
    with runtime.base.pool.connection() as connection:
        row = connection.execute("select content from messages where id = %s", [message_id]).fetchone()
    assert row is not None
    return str(runtime.base.sealer.unseal(row[0])["body"])


def test_a_message_goes_by_the_service_of_its_recipients_country(
    make_runtime: RuntimeMaker, simulator: Simulator
) -> None:
    runtime = make_runtime(ROUTED)
    message_id = runtime.base.accepting.accept(a_send(to="+12065550123", service="alerts"))
    drain(runtime, ServiceKey("alerts-us"))
    (create,) = creates(simulator)
    assert (create["sender"], show(runtime, message_id)["service"]) == ("+15005550006", "alerts-us")


def test_the_route_is_told_in_the_messages_history(make_runtime: RuntimeMaker) -> None:
    runtime = make_runtime(ROUTED)
    shown = show(runtime, runtime.base.accepting.accept(a_send(to="+442079460123", service="alerts")))
    assert shown["reason"] is None
    assert shown["events"][0]["detail"] == "route alerts: GB goes by alerts-uk"
    assert any("route alerts: GB goes by alerts-uk" in line for line in timeline(shown))


def test_an_explicit_service_wins(make_runtime: RuntimeMaker) -> None:
    runtime = make_runtime(ROUTED)
    shown = show(runtime, runtime.base.accepting.accept(a_send(to="+442079460123", service="alerts-us")))
    assert (shown["service"], shown["events"][0]["detail"]) == ("alerts-us", None)


def test_a_country_without_a_route_is_refused_and_nothing_is_written(make_runtime: RuntimeMaker) -> None:
    runtime = make_runtime(ROUTED)
    with pytest.raises(InvalidInput) as refusal:
        runtime.base.accepting.accept(a_send(to="+4915112345678", service="alerts"))
    assert refusal.value.field == "to"
    assert runtime.base.tracing.messages(tenant="default") == []


def test_a_repeat_is_known_though_the_route_has_changed(make_runtime: RuntimeMaker) -> None:
    send = a_send(to="+442079460123", body=TYPED, service="alerts", idempotency_key="order-1")
    first = make_runtime(ROUTED).base.accepting.accept(send)
    rerouted = ROUTED.replace('"US", "CA"', '"US", "GB"').replace('["GB"]', '["IE"]')
    assert make_runtime(rerouted).base.accepting.accept(send) == first


def test_what_is_stored_is_what_is_counted_and_sent(make_runtime: RuntimeMaker, simulator: Simulator) -> None:
    runtime = make_runtime()
    message_id = runtime.base.accepting.accept(a_send(body=TYPED, smart_encoding=True))
    drain(runtime)
    assert (show(runtime, message_id)["encoding"], body_of(runtime, message_id)) == ("GSM-7", PLAIN)
    with SimulatorControl(simulator.url) as control:
        (sent,) = control.messages()["messages"]
    assert sent["body"] == PLAIN


def test_a_message_stays_as_it_was_written_unless_asked(make_runtime: RuntimeMaker) -> None:
    runtime = make_runtime()
    message_id = runtime.base.accepting.accept(a_send(body=TYPED))
    assert (show(runtime, message_id)["encoding"], body_of(runtime, message_id)) == ("UCS-2", TYPED)


@pytest.mark.parametrize(("asked", "stored"), [(None, PLAIN), (True, PLAIN), (False, TYPED)])
def test_a_service_may_decide_for_messages_that_do_not(
    make_runtime: RuntimeMaker, asked: bool | None, stored: str
) -> None:
    runtime = make_runtime(QUICK_SERVICE + "smart_encoding = true\n")
    message_id = runtime.base.accepting.accept(a_send(body=TYPED, smart_encoding=asked))
    assert body_of(runtime, message_id) == stored


@pytest.mark.parametrize("body", ["\u2026" * 600, "\u200b\u200b"])
def test_a_text_that_becomes_too_long_or_nothing_is_refused(make_runtime: RuntimeMaker, body: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        make_runtime().base.accepting.accept(a_send(body=body, smart_encoding=True))
    assert refusal.value.field == "body"
