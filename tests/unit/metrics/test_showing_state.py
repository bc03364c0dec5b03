"""What was read of the state is shown for a minute, and then only since when it is missing."""

from typing import Any

from prometheus_client import CollectorRegistry

from messaging_pipeline.metrics.state import BACKLOG, BUCKET_LEVEL, StateCollector

DUE = {"service": "default", "state": "due"}


class Hands:
    """A monotonic clock that is moved by hand."""

    seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


def collector() -> tuple[StateCollector, Hands, Any]:
    hands, registry = Hands(), CollectorRegistry()
    state = StateCollector(hands)
    registry.register(state)
    return state, hands, registry.get_sample_value


def test_a_process_that_reads_nothing_shows_nothing() -> None:
    state, _, _ = collector()
    assert list(state.collect()) == []


def test_a_source_that_was_never_read_was_last_read_at_nought() -> None:
    state, _, value = collector()
    state.expect("database")
    assert value("messaging_gauges_read_timestamp_seconds", {"source": "database"}) == 0


def test_a_reading_takes_the_place_of_the_one_before() -> None:
    state, _, value = collector()
    state.show("database", {BACKLOG: {("default", "due"): 3, ("gone", "due"): 1}}, 100)
    state.show("database", {BACKLOG: {("default", "due"): 2}}, 115)
    assert value("messaging_backlog_messages", DUE) == 2
    assert value("messaging_backlog_messages", {"service": "gone", "state": "due"}) is None
    assert value("messaging_gauges_read_timestamp_seconds", {"source": "database"}) == 115


def test_a_reading_that_has_grown_old_is_not_shown_any_more() -> None:
    state, hands, value = collector()
    state.show("database", {BACKLOG: {("default", "due"): 3}}, 100)
    hands.seconds += 60
    state.show("redis", {BUCKET_LEVEL: {("default",): 7}}, 160)
    assert value("messaging_backlog_messages", DUE) == 3
    hands.seconds += 1
    assert value("messaging_backlog_messages", DUE) is None
    assert value("messaging_bucket_level_segments", {"service": "default"}) == 7
    assert value("messaging_gauges_read_timestamp_seconds", {"source": "database"}) == 100
