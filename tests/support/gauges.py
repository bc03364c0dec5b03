"""Gauges as a process shows them that has just read the state."""

import threading

from prometheus_client import CollectorRegistry

from messaging_pipeline.gauges.watch import GaugeWatch
from messaging_pipeline.metrics.state import StateCollector
from messaging_pipeline.runtime import Runtime


def page(base: Runtime) -> CollectorRegistry:
    """What one look at the state shows."""
    shown, registry = StateCollector(), CollectorRegistry()
    registry.register(shown)
    GaugeWatch(base.gauges, base.clock, threading.Event(), shown=shown).look()
    return registry


def gauge(base: Runtime, name: str, **labels: str) -> float | None:
    """The value of one gauge now, or None where it is not shown."""
    return page(base).get_sample_value(name, labels)
