"""A lock on a folder, held by whoever has its file open: it cannot be left behind by a crash."""

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from messaging_pipeline.errors import PipelineError

_POLL_SECONDS = 0.05


class FolderInUse(PipelineError):
    """Raised when a folder belongs to another running process."""

    def __init__(self, folder: Path, holder: str) -> None:
        super().__init__(folder, holder)
        self.folder = folder
        self.holder = holder

    def __str__(self) -> str:
        return f"{self.folder} is in use by {self.holder}; stop that first, or choose another folder"


class FolderLock:
    """Holds ``folder`` for one process and for the children it hands ``fileno`` to.

    The kernel frees the lock when the last of them has closed the file or ended (``flock(2)``). A server that
    inherits it therefore keeps the folder locked until it is really gone, even when its parent was killed.
    """

    def __init__(self, folder: Path, *, wait_seconds: float = 0.0) -> None:
        """Take the lock, waiting up to ``wait_seconds`` for a holder that is about to end.

        Raises ``FolderInUse`` when it is still held then, or is another account's.
        """
        try:
            self._file = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except PermissionError:
            raise FolderInUse(folder, "another account") from None
        deadline = time.monotonic() + wait_seconds
        while not self._taken():
            if time.monotonic() >= deadline:
                holder = os.pread(self._file, 100, 0).decode(errors="replace") or "another process"
                self.release()
                raise FolderInUse(folder, holder)
            time.sleep(_POLL_SECONDS)
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"process {os.getpid()}".encode(), 0)

    def _taken(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def fileno(self) -> int:
        """Return the descriptor to hand to a child (``pass_fds``) that shall hold the lock too."""
        return self._file

    def release(self) -> None:
        """Let go; children that inherited the lock keep it. Harmless when done already."""
        if self._file >= 0:
            os.close(self._file)  # not LOCK_UN, which would take it from the children as well
            self._file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
