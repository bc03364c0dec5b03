"""Every metric with its labels and what it means: all are made through here, so that the catalogue misses none."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from prometheus_client import Counter, Histogram

Kind = Literal["counter", "histogram", "gauge"]


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric as Prometheus has it: a histogram's series have ``_bucket``, ``_sum`` and ``_count`` after its name."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    meaning: str


_metrics: list[Metric] = []


def catalogue() -> tuple[Metric, ...]:
    """Return every metric that any process of ours serves; import ``messaging_pipeline.metrics`` before."""
    return tuple(_metrics)


def counter(name: str, meaning: str, labels: Sequence[str] = ()) -> Counter:
    """Make a counter of this process; its name ends in ``_total``."""
    _enter(name, "counter", meaning, labels)
    return Counter(name, meaning, labels)


def histogram(name: str, meaning: str, labels: Sequence[str] = (), *, buckets: Sequence[float]) -> Histogram:
    """Make a histogram of this process; ``buckets`` are upper bounds, in the unit that its name ends in."""
    _enter(name, "histogram", meaning, labels)
    return Histogram(name, meaning, labels, buckets=buckets)


def gauge(name: str, meaning: str, labels: Sequence[str] = ()) -> Metric:
    """Describe a gauge of the state that all processes share; ``metrics.state`` shows what was read of it."""
    return _enter(name, "gauge", meaning, labels)


def _enter(name: str, kind: Kind, meaning: str, labels: Sequence[str]) -> Metric:
    metric = Metric(name, kind, tuple(labels), meaning)
    _metrics.append(metric)
    return metric
