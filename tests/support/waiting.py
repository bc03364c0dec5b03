"""Waits for something that other processes bring about."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

Value = TypeVar("Value")

#: Generous: it only bounds a failure. A busy machine is slow, and slow is not wrong.
_PATIENCE_SECONDS = 60.0


def eventually(
    look: Callable[[], Value | None],
    what: str,
    patience_seconds: float = _PATIENCE_SECONDS,
    instead: Callable[[], object] = lambda: "nothing",
) -> Value:
    """Look again and again until there is something true to see, and return it; fail naming what never came."""
    gives_up_at = time.monotonic() + patience_seconds
    while time.monotonic() < gives_up_at:
        seen = look()
        if seen:
            return seen
        threading.Event().wait(0.1)
    raise AssertionError(f"never seen: {what}; seen instead: {instead()}")
