"""Several children as one: started together, watched together, ended in reverse order."""

from collections.abc import Sequence
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

    def start(self, *specs: ProcessSpec, ready_seconds: float = READY_SECONDS) -> list[RunningProcess]:
        """Start all of ``specs`` at once and return them when each is ready.

        Raises ``ProcessFailed`` for the first that is not in time, or has ended; the others run on.
        """
        together: list[RunningProcess] = []
        self._cleanup.callback(_stop_together, together)
        for spec in specs:
            together.append(RunningProcess(spec, self._logs / f"{spec.name}.log"))
            self._running.append(together[-1])
        for process in together:
            process.wait_until_ready(ready_seconds)
        return together

    def process(self, name: str) -> RunningProcess:
        """Return a child by its name."""
        return next(process for process in self._running if process.name == name)

    def first_failure(self) -> ProcessFailed | None:
        """Describe a child that has ended although nobody stopped it, or return None when all run."""
        failures = (process.unwanted_end() for process in self._running)
        return next((failure for failure in failures if failure), None)

    def stop(self) -> None:
        """End all children, the last started first; those started together end together. Repeatable."""
        self._cleanup.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _stop_together(processes: Sequence[RunningProcess]) -> None:
    """Ask all, then wait for each; what goes wrong with one does not spare the others."""
    with ExitStack() as each:
        for process in processes:
            each.callback(process.stop)
            process.ask_to_stop()
