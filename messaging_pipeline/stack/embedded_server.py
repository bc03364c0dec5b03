"""What the private servers have in common: a process of ours that ends with a ``with`` block."""

import signal
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from messaging_pipeline.stack.processes import ProcessFailed, RunningProcess

_READY_AGAIN_SECONDS = 120  # recovery after a crash is a part of it


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedServer:
    """A running server; ``data`` is the folder with its data, ``cleanup`` ends it and then frees its folder."""

    data: Path
    process: RunningProcess = field(repr=False)
    cleanup: ExitStack = field(repr=False)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    def failure(self) -> ProcessFailed | None:
        """Describe how it ended although nobody stopped it, or return None while it runs."""
        return self.process.unwanted_end()

    def crash(self, number: signal.Signals = signal.SIGKILL) -> None:
        """End it by a signal, as an outage would; its folder stays ours, and ``start_again`` brings it back."""
        self.process.crash(number)

    def start_again(self) -> None:
        """Start it anew after ``crash``, on the same data and at the same address; returns when it answers."""
        self.process.start_again()
        self.process.wait_until_ready(_READY_AGAIN_SECONDS)

    def stop(self) -> None:
        """Shut it down, closing its connections; the data stays. Repeatable."""
        self.cleanup.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
