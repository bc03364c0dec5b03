"""Queries for Prometheus, held against the catalogue: metrics, labels, and the words that labels are compared with."""

import re
from collections.abc import Iterator
from functools import cache

import messaging_pipeline.metrics  # noqa: F401 - every metric is made when this is loaded
from messaging_pipeline.metrics.catalogue import catalogue
from messaging_pipeline.twilio_api.error_table import known_errors
from tests.support.product_source import PROJECT

_SELECTOR = re.compile(r"\b(messaging_\w+)(?:\{([^}]*)\})?")
_MATCHER = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"')
_GROUPING = re.compile(r"\b(?:by|on|ignoring|without|group_left|group_right) \(([^)]*)\)")
OF_PROMETHEUS = {"job", "instance"}
"""Labels that Prometheus adds to whatever it scrapes."""


def faults(query: str) -> Iterator[str]:
    """Say what in a query does not exist."""
    grouped_by: set[str] = {"le", *OF_PROMETHEUS}
    for name, matchers in _SELECTOR.findall(query):
        labels = _series().get(name)
        if labels is None:
            yield f"there is no {name}"
            continue
        grouped_by |= labels
        for label, values in _MATCHER.findall(matchers):
            if label not in labels | OF_PROMETHEUS:
                yield f"{name} has no {label}"
            yield from (f"nothing is ever {word}" for word in values.split("|") if not _is_said(word))
    for names in _GROUPING.findall(query):
        yield from (f"no label {one}" for one in re.findall(r"\w+", names) if one not in grouped_by)


@cache
def _series() -> dict[str, set[str]]:
    """The labels of every series that a process serves."""
    found: dict[str, set[str]] = {}
    for one in catalogue():
        if one.kind == "histogram":
            found |= {f"{one.name}_bucket": {*one.labels, "le"}, f"{one.name}_sum": set(one.labels)}
            found[f"{one.name}_count"] = set(one.labels)
        else:
            found[one.name] = set(one.labels)
    return found


def _is_said(word: str) -> bool:
    """Tell whether a label's value is a word of the product's, a code of Twilio's, or a variable of a dashboard's."""
    return word.startswith("$") or f'"{word}"' in _sources() or (word.isdigit() and int(word) in known_errors())


@cache
def _sources() -> str:
    rooms = ("messaging_pipeline", "workers", "webhooks")
    return "\n".join(path.read_text("utf-8") for room in rooms for path in sorted((PROJECT / room).rglob("*.py")))
