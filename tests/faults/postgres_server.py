"""A private Postgres that is shut down in either way and comes back at the same address."""

import os
import signal
import time
from pathlib import Path

from messaging_pipeline.stack.embedded import Postgres, start_postgres

#: A commit survives the server's death without it, though not the machine's; the disk is not what is tested.
_SETTINGS = {"fsync": "off"}
_DIES_WITHIN_SECONDS = 10.0


class PostgresServer:
    """Postgres on one folder."""

    def __init__(self, folder: Path) -> None:
        """Start it on an empty database."""
        self._folder = folder
        self._server: Postgres | None = start_postgres(folder, settings=_SETTINGS)
        self.url = self._server.dsn

    def start(self) -> None:
        """Start it again; after an immediate shutdown it recovers first."""
        self._server = start_postgres(self._folder, settings=_SETTINGS)

    def stop(self, *, immediate: bool = False) -> None:
        """Shut it down: fast, which ends every connection, or immediate, which is as good as a crash."""
        if self._server is None:
            return
        if immediate:
            os.kill(self._server.pid, signal.SIGQUIT)
            _wait_for_the_end(self._server)
        self._server.stop()
        self._server = None


def _wait_for_the_end(server: Postgres) -> None:
    deadline = time.monotonic() + _DIES_WITHIN_SECONDS
    while server.failure() is None and time.monotonic() < deadline:
        time.sleep(0.02)
