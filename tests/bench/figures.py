"""Every figure of the benchmark: its name, its unit, and which way is better."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Literal

Figures = Mapping[str, float]
"""What one measurement of one side found, by the keys below."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the report."""

    key: str
    label: str
    more_is_better: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """Lines that were measured together, in columns of which the first is what the others are held against.

    Shown beside them is how many times ``better`` each other column is, how many ``times`` the first it is, or
    nothing.
    """

    key: str
    title: str
    figures: tuple[Figure, ...]
    shown: Literal["better", "times", "nothing"] = "better"


SECTIONS = (
    Section(
        "send",
        "Send path: from accepted to a SID, no callbacks",
        (
            Figure("messages_per_cpu_second", "messages per CPU second of the workers", more_is_better=True),
            Figure("worker_cpu_ms", "worker CPU, ms a message"),
            Figure("messages_per_second", "messages a second", more_is_better=True),
            Figure("producer_cpu_ms", "producer CPU to hand one over, ms"),
        ),
    ),
    Section(
        "life",
        "Whole life: from accepted to delivered, three callbacks a message",
        (
            Figure("messages_per_cpu_second", "messages per CPU second of workers and web", more_is_better=True),
            Figure("worker_cpu_ms", "worker CPU, ms a message"),
            Figure("web_cpu_ms", "web CPU, ms a message"),
            Figure("messages_per_second", "messages a second", more_is_better=True),
        ),
    ),
    Section(
        "callbacks",
        "Callback path: 32 connections, then applied by the workers",
        (
            Figure("callbacks_per_second", "callbacks a second at the webhooks", more_is_better=True),
            Figure("p50_ms", "answered after, ms (p50)"),
            Figure("p99_ms", "answered after, ms (p99)"),
            Figure("web_cpu_ms", "web CPU, ms a callback"),
            Figure("half_per_second", "half of that rate, callbacks a second", more_is_better=True),
            Figure("half_p50_ms", "answered after, at that half, ms (p50)"),
            Figure("half_p99_ms", "answered after, at that half, ms (p99)"),
            Figure("applied_per_second", "callbacks applied a second", more_is_better=True),
            Figure("worker_cpu_ms", "worker CPU, ms a callback"),
            Figure("callbacks_per_cpu_second", "callbacks per CPU second of web and workers", more_is_better=True),
        ),
    ),
    Section(
        "latency",
        "One message on an idle system",
        (
            Figure("sid_p50_ms", "from handing over to the SID, ms (p50)"),
            Figure("sid_p99_ms", "from handing over to the SID, ms (p99)"),
            Figure("sent_p50_ms", "from handing over to `sent`, ms (p50)"),
            Figure("sent_p99_ms", "from handing over to `sent`, ms (p99)"),
        ),
    ),
    Section(
        "scaling",
        "Scaling: the send path with several deliver workers, by their number",
        (
            Figure("messages_per_second", "messages a second", more_is_better=True),
            Figure("messages_per_cpu_second", "messages per CPU second of the workers", more_is_better=True),
        ),
        shown="times",
    ),
    Section(
        "table",
        "Cost by the size of the table, by rows in messages",
        (
            Figure("claim_ms", "to claim 20 messages, ms (p50)"),
            Figure("claim_cpu_ms", "of it Postgres' CPU, ms (mean)"),
            Figure("apply_ms", "to apply 20 reports, ms (p50)"),
            Figure("apply_cpu_ms", "of it Postgres' CPU, ms (mean)"),
        ),
        shown="times",
    ),
    Section(
        "slow-sender",
        "A high message among 100,000 of a slow sender and a neighbour's bulk",
        (
            Figure("p50_ms", "from accepted to Twilio, ms (p50)"),
            Figure("p99_ms", "from accepted to Twilio, ms (p99)"),
            Figure("bulk_per_second", "the neighbour's messages a second meanwhile", more_is_better=True),
        ),
        shown="times",
    ),
    Section(
        "rate",
        "Accuracy of a rate of 50 segments a second, by the number of deliver workers",
        (
            Figure("per_second", "segments a second, after the burst", more_is_better=True),
            Figure("percent", "of the configured rate, %", more_is_better=True),
            Figure("worst_above", "worst window: segments above rate x length"),
            Figure("bound", "what that must not exceed"),
        ),
        shown="nothing",
    ),
)


def chosen(keys: Sequence[str]) -> tuple[Section, ...]:
    """Return these sections, in the order of the report."""
    return tuple(section for section in SECTIONS if section.key in keys)


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that ``percent`` of all do not exceed (nearest rank)."""
    return sorted(values)[max(0, ceil(len(values) * percent / 100) - 1)]
