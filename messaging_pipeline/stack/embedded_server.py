"""What the private servers have in common: a process of ours that ends with a ``with`` block."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from messaging_pipeline.stack.processes import ProcessFailed, RunningProcess


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedServer:
    """A running server; ``cleanup`` ends it and then frees its folder."""

    process: RunningProcess = field(repr=False)
    cleanup: ExitStack = field(repr=False)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    def failure(self) -> ProcessFailed | None:
        """Describe how it ended although nobody stopped it, or return None while it runs."""
        return self.process.unwanted_end()

    def stop(self) -> None:
        """Shut it down, closing its connections; the data stays. Repeatable."""
        self.cleanup.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
