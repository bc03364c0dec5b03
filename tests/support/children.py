"""Tiny programs to be children, and ways to watch processes that are not ours to wait for."""

import os
import select
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from signal import Signals

import psutil

from messaging_pipeline.stack.processes import ProcessSpec

WAIT_SECONDS = 30.0
"""How long a test waits for what takes milliseconds on an idle machine."""

SAYS_READY = "print('ready', flush=True); import signal; signal.pause()"
"""A program that says so and then does nothing until a signal ends it."""


def spec(
    code: str,
    *,
    name: str = "child",
    environment: dict[str, str] | None = None,
    ready: Callable[[], bool] | None = None,
    stop_signal: Signals = Signals.SIGTERM,
    grace_seconds: float = WAIT_SECONDS,
    inherit: tuple[int, ...] = (),
) -> ProcessSpec:
    """A child that runs ``code`` in Python."""
    return ProcessSpec(
        name=name,
        argv=(sys.executable, "-I", "-S", "-c", code),
        environment=environment or {},
        ready=ready,
        stop_signal=stop_signal,
        grace_seconds=grace_seconds,
        inherit=inherit,
    )


def says(log: Path, word: str = "ready") -> Callable[[], bool]:
    """A readiness check: the log holds ``word``."""
    return lambda: log.exists() and word in log.read_text()


def wait_for(what: Callable[[], bool]) -> None:
    """Return when ``what`` is true; fail when that takes far too long."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not what():
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)


def has_ended(pid: int, within_seconds: float = WAIT_SECONDS) -> bool:
    """Wait for any process to end, whoever's child it is; one that waits to be buried has ended."""
    if not hasattr(os, "pidfd_open"):  # macOS
        return _is_seen_to_end(pid, time.monotonic() + within_seconds)
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], within_seconds)[0])
    finally:
        os.close(handle)


def _is_seen_to_end(pid: int, deadline: float) -> bool:
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() >= deadline:
            return False
        threading.Event().wait(0.01)
    return True


def is_running(pid: int) -> bool:
    """Tell whether a process runs now."""
    return not has_ended(pid, within_seconds=0)


def kill_quietly(pid: int) -> None:
    """End a process that a failed test would leave behind."""
    with suppress(ProcessLookupError):
        os.kill(pid, Signals.SIGKILL)
