"""Media are looked at by the worker, before the request leaves, where a service asks for it."""

import socket

import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.ids import MessageId
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.simulators import QUICK_SERVICE, RuntimeMaker
from tests.support.delivering import creates, drain, show
from tests.support.factories import a_send
from tests.support.stand_in import Received, Script, StandIn, answering, stand_in

CHECKED = QUICK_SERVICE + 'media_http = true\nmedia_check = true\nmedia_private_hosts = ["127.0.0.1"]\n'
PICTURE = answering(200, "x" * 100, {"Content-Type": "image/png"})
LARGE_PICTURE = answering(200, "x" * 600_000, {"Content-Type": "image/png"})


@pytest.fixture
def checked(make_runtime: RuntimeMaker) -> WorkerRuntime:
    return make_runtime(CHECKED)


def accept(runtime: WorkerRuntime, server: StandIn, **changes: object) -> MessageId:
    return runtime.base.accepting.accept(a_send(media_urls=[f"{server.url}/menu.png"], **changes))


def test_a_picture_that_everybody_can_fetch_goes(checked: WorkerRuntime, simulator: Simulator) -> None:
    with stand_in(PICTURE) as server:
        message_id = accept(checked, server)
        assert server.requests == [], "nothing is asked while a message is accepted"
        drain(checked)
        assert len(server.requests) == 1
    assert show(checked, message_id)["status"] == "accepted"
    assert len(creates(simulator)) == 1


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (answering(403), "media 1 is not for everybody"),
        (answering(200, "<html>", {"Content-Type": "text/html"}), "media 1 is of a type"),
        (answering(302, headers={"Location": "http://localhost/"}), "media 1 leads to a private address"),
        (answering(302, headers={"Location": "http://[bad"}), "media 1 leads to something that is no URL"),
        (answering(200, "x", {"Content-Type": "image/png"}, missing_bytes=6_000_000), "media 1 has 5.7 MB"),
    ],
)
def test_a_picture_that_will_not_go_ends_the_message_before_anything_left(
    checked: WorkerRuntime, simulator: Simulator, script: Script, reason: str
) -> None:
    plan = [{"channel": "email", "to": "ada@example.com"}]
    with stand_in(script) as server:
        message_id = accept(checked, server, fallback=plan)
        drain(checked)
    shown = show(checked, message_id)
    assert (shown["status"], shown["attempts"], creates(simulator)) == ("failed", [], [])
    assert shown["reason"].startswith(reason)
    assert [step["cause"] for step in shown["fallback"]] == ["failed"]


def test_a_large_picture_goes_and_its_history_says_so(checked: WorkerRuntime) -> None:
    with stand_in(LARGE_PICTURE) as server:
        message_id = accept(checked, server)
        drain(checked)
    shown = show(checked, message_id)
    assert shown["status"] == "accepted"
    assert [one["detail"] for one in shown["events"] if one["source"] == "policy"] == [
        "media 1 has 585 KB; below 500 KB more carriers deliver it as it is"
    ]


def test_a_server_that_is_away_puts_the_message_off_and_its_budget_pays(
    checked: WorkerRuntime, simulator: Simulator, clock: ManualClock
) -> None:
    with stand_in(answering(503)) as server:
        message_id = accept(checked, server)
        drain(checked)
        waiting = show(checked, message_id)
        assert (waiting["status"], waiting["retries"]) == ("pending", 1)
        assert waiting["reason"] == "media 1 cannot be looked at: its server answers HTTP 503"
        for _ in range(12):
            clock.advance(301)
            drain(checked)
        assert len(server.requests) == 11
    shown = show(checked, message_id)
    assert (shown["status"], shown["retries"], creates(simulator)) == ("failed", 10, [])


def test_a_server_that_comes_back_lets_the_message_go(checked: WorkerRuntime, clock: ManualClock) -> None:
    answers = [PICTURE, answering(503)]

    def script(request: Received, connection: socket.socket) -> bool:
        return answers.pop()(request, connection)

    with stand_in(script) as server:
        message_id = accept(checked, server)
        drain(checked)
        clock.advance(301)
        drain(checked)
    assert show(checked, message_id)["status"] == "accepted"


def test_one_picture_for_many_is_looked_at_once(checked: WorkerRuntime, simulator: Simulator) -> None:
    with stand_in(PICTURE) as server:
        for number in range(10):
            accept(checked, server, to=f"+141555501{number:02d}")
        drain(checked)
        assert len(server.requests) == 1
    assert len(creates(simulator)) == 10


def test_a_bad_picture_holds_nobody_up(checked: WorkerRuntime, simulator: Simulator) -> None:
    with stand_in(answering(404)) as server:
        accept(checked, server)
        text = checked.base.accepting.accept(a_send())
        drain(checked)
    assert show(checked, text)["status"] == "accepted"
    assert len(creates(simulator)) == 1


def test_a_service_that_does_not_ask_for_it_looks_at_nothing(make_runtime: RuntimeMaker, simulator: Simulator) -> None:
    runtime = make_runtime(QUICK_SERVICE + "media_http = true\n")
    with stand_in(answering(404)) as server:
        accept(runtime, server)
        drain(runtime)
        assert server.requests == []
    assert len(creates(simulator)) == 1
