"""Several children as one: started together, watched together, ended in reverse order."""

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from messaging_pipeline.stack.processes import ProcessFailed, ProcessSpec, RunningProcess

READY_SECONDS = 90
"""How long a child may take to become ready, on a slow and busy machine too."""


class Supervisor:
    """Owns children whose logs go to ``NAME.log`` in one folder; leaving its ``with`` block ends them all."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: list[RunningProcess] = []
        self._cleanup = ExitStack()

    def start(self, *specs: ProcessSpec, ready_seconds: float = READY_SECONDS) -> None:
        """Start all of ``specs`` at once and return when each is ready.

        Raises :class:`ProcessFailed` for the first that is not in time, or has ended; the others run on.
        """
        started = [self._start_one(spec) for spec in specs]
        for process in started:
            process.wait_until_ready(ready_seconds)

    def _start_one(self, spec: ProcessSpec) -> RunningProcess:
        process = RunningProcess(spec, self._logs / f"{spec.name}.log")
        self._cleanup.callback(process.stop)
        self._running.append(process)
        return process

    def first_failure(self) -> ProcessFailed | None:
        """Describe a child that has ended although nobody stopped it, or return None when all run."""
        for process in self._running:
            if not process.is_alive():
                return process.failure("while it was needed")
        return None

    def pids(self) -> dict[str, int]:
        """Return the process id of each child by name."""
        return {process.name: process.pid for process in self._running}

    def stop(self) -> None:
        """End all children, the last started first; one that resists does not save the others. Repeatable."""
        self._running.clear()
        self._cleanup.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
