"""Live progress: one line that rewrites itself on a terminal, and a line a change elsewhere."""

import shutil
import time
from collections.abc import Mapping
from typing import TextIO

from messaging_pipeline.messages.state_machine import LADDER

#: Into a file or a log, a line at most this often.
_LINE_EVERY_SECONDS = 2.0


class Progress:
    """Shows how many messages are on which rung."""

    def __init__(self, out: TextIO, total: int) -> None:
        self._out = out
        self._total = total
        self._began = time.monotonic()
        self._shown_at = 0.0
        self._last = ""

    def show(self, counts: Mapping[str, int]) -> None:
        """Show the counts if they have changed."""
        text = ", ".join(f"{rung.status} {counts[rung.status]}" for rung in LADDER if counts.get(rung.status))
        now = time.monotonic()
        if text == self._last or (not self._out.isatty() and now - self._shown_at < _LINE_EVERY_SECONDS):
            return
        self._last, self._shown_at = text, now
        self._write(f"{now - self._began:5.1f} s  {sum(counts.values())}/{self._total}  {text}")

    def end(self) -> None:
        """Leave the line."""
        self._out.write("\n\n" if self._out.isatty() else "\n")
        self._out.flush()

    def _write(self, line: str) -> None:
        if self._out.isatty():
            width = shutil.get_terminal_size().columns
            self._out.write("\r" + line[: width - 1].ljust(width - 1))
        else:
            self._out.write(line + "\n")
        self._out.flush()
