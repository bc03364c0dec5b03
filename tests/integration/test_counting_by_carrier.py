"""What arrives and what does not is counted by the carrier that Lookup has named, where it was asked."""

from datetime import timedelta

import pytest

from messaging_pipeline import number_lines
from messaging_pipeline.ids import E164, MessageId
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.simulators import QUICK_SERVICE, RuntimeMaker
from tests.support.delivering import drain, show
from tests.support.factories import a_send
from tests.support.followed import report
from tests.support.metric_deltas import Counting

ASKING = QUICK_SERVICE + 'lookup = { cost = 0.008, unit = "USD", days = 30 }\n'
EVEN, ODD, LATE = "+14155550124", "+14155550123", "+14155550126"
NO_ROUTE = "+15005550002"
NORTHERN, SOUTHERN = "Northern Wireless", "Southern Cellular Inc."


@pytest.fixture
def asking(make_runtime: RuntimeMaker) -> WorkerRuntime:
    return make_runtime(ASKING)


def taken(runtime: WorkerRuntime, to: str) -> MessageId:
    """Send a message, about whose number Lookup was asked if it is ever."""
    message_id = runtime.base.accepting.accept(a_send(to=to))
    drain(runtime)
    return message_id


def ends(runtime: WorkerRuntime, message_id: MessageId, status: str, error_code: int | None = None) -> None:
    sid = show(runtime, message_id)["sid"]
    runtime.following.apply([report(message_id, status, sid=sid, error_code=error_code)])


def arrivals(carrier: str) -> Counting:
    return Counting("messaging_deliveries_total", service="default", country="US", carrier=carrier, status="delivered")


def failures(carrier: str, error_code: str) -> Counting:
    return Counting(
        "messaging_delivery_errors_total", service="default", country="US", carrier=carrier, error_code=error_code
    )


def test_each_is_counted_once_and_by_the_carrier_of_its_number(asking: WorkerRuntime) -> None:
    northern, southern, filtered = arrivals(NORTHERN), arrivals(SOUTHERN), failures(SOUTHERN, "30007")
    first, second, third = (taken(asking, number) for number in (EVEN, ODD, ODD))
    for _ in range(2):
        ends(asking, first, "delivered")
        ends(asking, second, "delivered")
        ends(asking, third, "undelivered", 30007)
    assert (northern.count, southern.count, filtered.count) == (1, 1, 1)


def test_where_nobody_is_asked_the_carrier_is_unknown(make_runtime: RuntimeMaker) -> None:
    unknown, northern = arrivals("unknown"), arrivals(NORTHERN)
    runtime = make_runtime(QUICK_SERVICE)
    ends(runtime, taken(runtime, EVEN), "delivered")
    assert (unknown.count, northern.count) == (1, 0)


def test_what_twilio_itself_refuses_was_on_its_way_to_no_carrier(asking: WorkerRuntime) -> None:
    unknown, northern = failures("unknown", "21612"), failures(NORTHERN, "21612")
    assert show(asking, taken(asking, NO_ROUTE))["status"] == "failed"
    assert (unknown.count, northern.count) == (1, 0)


def test_a_label_that_comes_from_outside_has_an_end(asking: WorkerRuntime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was met first keeps its name; those that come later are counted together."""
    monkeypatch.setattr(number_lines, "MOST_CARRIERS", 1)
    northern, southern, other = arrivals(NORTHERN), arrivals(SOUTHERN), arrivals("other")
    for number in (EVEN, ODD, LATE):
        ends(asking, taken(asking, number), "delivered")
    assert (northern.count, southern.count, other.count) == (2, 0, 1)


def test_a_number_that_a_carrier_calls_a_landline_keeps_its_carrier(make_runtime: RuntimeMaker) -> None:
    runtime = make_runtime(ASKING + "landline_days = 30\n")
    landline, northern = failures(NORTHERN, "30006"), arrivals(NORTHERN)
    first, second = taken(runtime, EVEN), taken(runtime, EVEN)
    ends(runtime, first, "undelivered", 30006)
    ends(runtime, second, "delivered")
    assert (landline.count, northern.count) == (1, 1)


def test_the_answer_that_is_newest_names_the_carrier(asking: WorkerRuntime) -> None:
    """A number may be carried to another network; what has not grown old stays."""
    now, number = asking.base.clock.now(), E164(EVEN)

    def told(carrier: str | None, days: int) -> dict[tuple[str, E164], str | None]:
        at = now + timedelta(days=days)
        found = number_lines.Found("default", number, "mobile", carrier, at, at + timedelta(days=30))
        with asking.base.pool.connection() as connection:
            number_lines.remember(connection, found)
            return dict(number_lines.carriers_of(connection, [("default", number), ("acme", number)]))

    assert told("One", days=0) == {("default", number): "One"}
    assert told("Two", days=29) == {("default", number): "One"}
    assert told("Three", days=30) == {("default", number): "Three"}
    assert told(None, days=60) == {}
