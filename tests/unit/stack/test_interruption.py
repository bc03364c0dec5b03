"""Being told to stop."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from messaging_pipeline.stack.interruption import interruptible
from tests.support.children import WAIT_SECONDS


def _send(number: int) -> None:
    """Send ourselves a signal and stay long enough for Python to act on it."""
    os.kill(os.getpid(), number)
    threading.Event().wait(WAIT_SECONDS)


@contextmanager
def _handler(number: int, handler: signal.Handlers) -> Iterator[None]:
    before = signal.signal(number, handler)
    try:
        yield
    finally:
        signal.signal(number, before)


def _stopped_by(number: int, unwinding: Callable[[], None]) -> None:
    with interruptible():
        try:
            _send(number)
        finally:
            unwinding()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_stop_unwinds_the_block(number: signal.Signals) -> None:
    unwound: list[str] = []
    with _handler(number, signal.SIG_DFL), pytest.raises(KeyboardInterrupt):
        _stopped_by(number, lambda: unwound.append("yes"))
    assert unwound == ["yes"]


def test_a_second_signal_does_not_disturb_the_unwinding() -> None:
    unwound: list[str] = []

    def unwind() -> None:
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        unwound.append("yes")

    with pytest.raises(KeyboardInterrupt):
        _stopped_by(signal.SIGINT, unwind)
    assert unwound == ["yes"]


def test_a_hangup_that_is_ignored_stays_ignored() -> None:
    with _handler(signal.SIGHUP, signal.SIG_IGN), interruptible():
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        signal.raise_signal(signal.SIGHUP)


def test_the_former_handlers_are_put_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    with interruptible():
        pass
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before
