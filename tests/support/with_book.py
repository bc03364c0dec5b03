"""A worker whose lanes write another kind of book."""

from dataclasses import replace
from functools import partial
from typing import Any

from messaging_pipeline.deliver.book import Book
from messaging_pipeline.worker_runtime import WorkerRuntime


def with_book(runtime: WorkerRuntime, kind: type[Book], **values: Any) -> WorkerRuntime:
    """Return the worker with books of this kind, which has these values as attributes."""
    known = runtime.lane.new_book
    assert isinstance(known, partial)
    made = type(kind.__name__, (kind,), values)
    return replace(runtime, lane=replace(runtime.lane, new_book=partial(made, *known.args)))
