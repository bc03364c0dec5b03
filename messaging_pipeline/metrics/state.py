"""Gauges of the state that all processes share, as it was last read; what was read too long ago is not shown.

No process counts up and down by itself here: a gauge that one worker set, and another one should have cleared, would
be wrong for as long as the first one lives.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from prometheus_client import REGISTRY
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from messaging_pipeline.metrics.catalogue import Metric, gauge

Source = Literal["database", "redis"]
Values = Mapping[Metric, Mapping[tuple[str, ...], float]]
"""What was read of each gauge, by the values of its labels."""

SHOWN_FOR_SECONDS = 60.0
"""How old a reading may be. After that its gauges are gone, and ``GAUGES_READ_AT`` tells since when."""

BACKLOG = gauge(
    "messaging_backlog_messages",
    "Messages not sent yet: `due`, `later`, or `following` one of their sequence.",
    ["service", "state"],
)
OLDEST_DUE = gauge("messaging_oldest_due_seconds", "How long the oldest due message has been due.", ["service"])
UNCONFIRMED = gauge("messaging_unconfirmed_messages", "Messages that may have been sent.", ["service"])
UNCONFIRMED_OVERDUE = gauge(
    "messaging_unconfirmed_overdue", "Messages in doubt for longer than their service allows.", ["service"]
)
GATE_WAITING = gauge("messaging_gate_waiting", "Messages that wait at a gate.", ["service", "gate"])
SERVICE_SENDING = gauge(
    "messaging_service_sending", "1 while a service sends, 0 while it is paused or held.", ["service"]
)
SERVICES_HELD = gauge(
    "messaging_services_held", "1 while a service is held because its account or sender is at fault.", ["service"]
)
CONFIGURED_RATE = gauge(
    "messaging_configured_segments_per_second", "The rate that the file or an operator has set.", ["service"]
)
EFFECTIVE_RATE = gauge(
    "messaging_effective_segments_per_second", "The rate in force, lowered where limits were met.", ["service"]
)
BUCKET_LEVEL = gauge(
    "messaging_bucket_level_segments",
    "Segments that may leave at once; below 0 after a message heavier than the burst.",
    ["service"],
)
NOTICES_OPEN = gauge("messaging_notices_open", "Events for others, not told yet or dead.", ["policy", "state"])
NOTICES_OLDEST = gauge(
    "messaging_notices_oldest_seconds", "How old the oldest of these events is.", ["policy", "state"]
)
DUTY_FINISHED_AT = gauge(
    "messaging_duty_finished_timestamp_seconds",
    "When any worker last finished a duty that beat starts, such as the sweep.",
    ["duty"],
)
HISTORY_MONTHS_AHEAD = gauge(
    "messaging_history_months_ahead", "How many months to come have the partition in which their histories are kept."
)
HISTORY_STRAY_LINES = gauge(
    "messaging_history_stray_lines",
    "Lines of history whose month had no partition in time, at most 10,000; nothing is lost by it.",
)
AUDIT_VIOLATIONS = gauge("messaging_audit_violations", "How often the last audit found each rule broken.", ["rule"])
GAUGES_READ_AT = gauge(
    "messaging_gauges_read_timestamp_seconds",
    "When these gauges were last read from the `database` or `redis`; 0 means never. After 60 s they are not shown.",
    ["source"],
)


@dataclass(frozen=True, slots=True)
class _Reading:
    values: Values
    read_at: float
    read_at_monotonic: float


class StateCollector(Collector):
    """Shows what was last read. Nothing is shown of a source that nobody in this process reads."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._readings: dict[Source, _Reading | None] = {}
        self._lock = threading.Lock()

    def expect(self, source: Source) -> None:
        """Say that this process reads a source, so that a reading that never comes is seen."""
        with self._lock:
            self._readings.setdefault(source, None)

    def show(self, source: Source, values: Values, read_at: float) -> None:
        """Show a reading, made at ``read_at`` (seconds since 1970), in place of the one before."""
        with self._lock:
            self._readings[source] = _Reading(values, read_at, self._monotonic())

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Name nothing beforehand: what is shown depends on what could be read."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauges of every source that was read lately, and when each was read."""
        with self._lock:
            readings = dict(self._readings)
        if readings:
            read_at: dict[tuple[str, ...], float] = {
                (source,): reading.read_at if reading else 0.0 for source, reading in readings.items()
            }
            yield _family(GAUGES_READ_AT, read_at)
        for reading in readings.values():
            if reading is not None and self._monotonic() - reading.read_at_monotonic <= SHOWN_FOR_SECONDS:
                for metric, values in reading.values.items():
                    yield _family(metric, values)


def _family(metric: Metric, values: Mapping[tuple[str, ...], float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(metric.name, metric.meaning, labels=metric.labels)
    for labels, value in values.items():
        family.add_metric(labels, value)
    return family


STATE = StateCollector()
"""What this process has read."""

REGISTRY.register(STATE)
