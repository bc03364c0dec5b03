"""A number that turned out to be no mobile one is left alone for a while, where a service says so."""

from typing import Any

import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.db.pool import in_transaction
from messaging_pipeline.ids import E164, MessageId
from messaging_pipeline.number_lines import clear, landlines
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.simulators import QUICK_SERVICE, RuntimeMaker
from tests.support.delivering import creates, drain, show
from tests.support.factories import RECIPIENT, a_send
from tests.support.followed import report

REMEMBERING = QUICK_SERVICE + "landline_days = 30\nundelivered_retries = 0\n"
NOT_MOBILE = "+15005551005"
DAYS = 86_400


@pytest.fixture
def remembering(make_runtime: RuntimeMaker) -> WorkerRuntime:
    return make_runtime(REMEMBERING)


def sent(runtime: WorkerRuntime, to: str = NOT_MOBILE, **changes: Any) -> MessageId:
    message_id = runtime.base.accepting.accept(a_send(to=to, **changes))
    drain(runtime)
    return message_id


def known(runtime: WorkerRuntime, tenant: str = "default") -> list[tuple[str, int]]:
    with runtime.base.pool.connection() as connection:
        found = landlines(connection, tenant, now=runtime.base.clock.now(), limit=10)
    return [(one["number"], one["error_code"]) for one in found]


def test_a_refused_landline_is_not_tried_again_until_that_has_grown_old(
    remembering: WorkerRuntime, simulator: Simulator, clock: ManualClock
) -> None:
    assert show(remembering, sent(remembering))["status"] == "failed"
    assert (known(remembering), known(remembering, "acme")) == ([(NOT_MOBILE, 21614)], [])
    second = show(remembering, sent(remembering, fallback=[{"channel": "email", "to": "ada@example.com"}]))
    assert (second["status"], second["attempts"], len(creates(simulator))) == ("rejected", [], 1)
    assert second["reason"].startswith("Twilio has said that the number is no mobile one")
    assert [step["cause"] for step in second["fallback"]] == ["rejected"]
    clock.advance(30 * DAYS)
    assert (known(remembering), show(remembering, sent(remembering))["status"]) == ([], "failed")


def test_a_landline_that_a_callback_tells_of_is_remembered_and_explained(remembering: WorkerRuntime) -> None:
    message_id = sent(remembering, RECIPIENT)
    told = report(message_id, "undelivered", sid=show(remembering, message_id)["sid"], error_code=30006)
    remembering.following.apply([told])
    assert known(remembering) == [(RECIPIENT, 30006)]
    found = remembering.base.explaining.explain(a_send())
    assert [one["gate"] for one in found["gates"] if one["outcome"] == "refused"] == ["number_health"]


def test_an_operator_lets_it_try_again(remembering: WorkerRuntime, simulator: Simulator) -> None:
    sent(remembering)
    number = E164(NOT_MOBILE)
    assert in_transaction(remembering.base.pool, lambda connection: clear(connection, "default", number))
    sent(remembering)
    assert len(creates(simulator)) == 2


def test_what_was_said_of_media_does_not_keep_back_the_links(make_runtime: RuntimeMaker, simulator: Simulator) -> None:
    runtime = make_runtime(REMEMBERING + "mms_link_fallback = true\n")
    sent(runtime, media_urls=["https://example.com/menu.jpg"])
    assert known(runtime) == []
    runtime.sweep.run()
    drain(runtime)
    assert (len(creates(simulator)), known(runtime)) == (2, [(NOT_MOBILE, 21614)])


def test_without_a_word_it_is_tried_again(sending: WorkerRuntime, simulator: Simulator) -> None:
    sent(sending)
    sent(sending)
    assert (len(creates(simulator)), known(sending)) == (2, [])
