"""The CPU time of processes and of everything they have started."""

from collections.abc import Iterable
from pathlib import Path

import psutil  # type: ignore[import-untyped]


def tree_seconds(pids: Iterable[int]) -> float:
    """Return user and system seconds used so far by these processes, their children, and those that have ended."""
    return sum(_seconds(process) for pid in pids for process in _tree(psutil.Process(pid)))


def _tree(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def _seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:  # it ended just now: its parent's account has it
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)


def thread_seconds(pid: int) -> float:
    """Return the CPU seconds of a process of one thread: to the nanosecond on Linux, elsewhere as psutil has them."""
    exact = Path(f"/proc/{pid}/schedstat")
    if exact.exists():
        return int(exact.read_text("ascii").split()[0]) / 1_000_000_000
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)
