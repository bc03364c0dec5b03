"""Reading Twilio's lists where something was wrong before: with our clock, or with what somebody wrote."""

import socket
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.simulator.control_client import SimulatorControl
from messaging_pipeline.simulator.running import Simulator
from tests.plugins.simulators import RuntimeMaker
from tests.support.factories import SERVICE_SID
from tests.support.inbound_cases import PERSON, opt_outs
from tests.support.reconciled import DELIVERED, ask_everything, inbound, sent
from tests.support.stand_in import Received, answering, stand_in

OUR_NUMBER = "+12065550100"
DAY = 86_400.0


@pytest.fixture
def clock() -> ManualClock:
    """The simulator dates messages by the real clock, so ours begins there."""
    return ManualClock(datetime.now(UTC))


def test_half_a_character_in_one_text_keeps_no_other_one_out(make_runtime: RuntimeMaker, clock: ManualClock) -> None:
    """The text that nobody can write down is older than the STOP, so that it is stored first."""
    parties = {"status": "received", "direction": "inbound", "from": PERSON, "to": OUR_NUMBER, "num_media": "0"}
    said = [
        {"sid": f"SM{number:032x}", "body": body, "date_sent": format_datetime(clock.now()), **parties}
        for number, body in enumerate(("STOP", "See you \ud83d"))
    ]
    with stand_in(answering(200, {"messages": said})) as server:
        runtime = make_runtime(TWILIO_API_BASE_URL=server.url)
        ask_everything(runtime)
        stored = inbound(runtime)
        runtime.close()
    assert [dict(form)["Body"] for form in stored] == ["See you \ufffd", "STOP"]


def test_files_that_twilio_does_not_tell_of_keep_no_stop_out(make_runtime: RuntimeMaker, clock: ManualClock) -> None:
    parties = {"status": "received", "direction": "inbound", "from": PERSON, "to": OUR_NUMBER}
    said = [
        {
            "sid": f"SM{number:032x}",
            "body": body,
            "date_sent": format_datetime(clock.now()),
            "num_media": files,
            **parties,
        }
        for number, (body, files) in enumerate((("STOP", "0"), ("Look", "1")))
    ]
    is_broken = True

    def script(request: Received, connection: socket.socket) -> bool:
        if "/Media" not in request.target:
            return answering(200, {"messages": said})(request, connection)
        return answering(500 if is_broken else 200, {"media_list": []})(request, connection)

    with stand_in(script) as server:
        runtime = make_runtime(TWILIO_API_BASE_URL=server.url)
        assert not ask_everything(runtime).is_complete
        assert ([dict(form)["Body"] for form in inbound(runtime)], opt_outs(runtime)) == (["STOP"], {"default"})
        is_broken = False
        assert ask_everything(runtime).is_complete
        assert [dict(form)["Body"] for form in inbound(runtime)] == ["STOP", "Look"]
        runtime.close()


def test_a_clock_that_went_ahead_for_a_while_hides_nothing_that_was_said_since(
    make_runtime: RuntimeMaker, simulator: Simulator, clock: ManualClock
) -> None:
    runtime = make_runtime()
    clock.advance(DAY)
    runtime.reconciling.run()
    clock.advance(-DAY)
    with SimulatorControl(simulator.url) as control:
        control.receive_text(PERSON, SERVICE_SID, "STOP")
    sent(runtime, DELIVERED)  # a younger message without news
    clock.advance(600)
    assert runtime.reconciling.run().findings["inbound"] == 1
    assert opt_outs(runtime) == {"default"}
    with runtime.base.pool.connection() as connection:
        assert connection.execute("select listed_until from reconcile_cursors").fetchall() == [(clock.now(),)]
