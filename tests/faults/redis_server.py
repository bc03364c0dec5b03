"""A private Valkey that comes back at the same address, with its data or without."""

import shutil
from pathlib import Path

from messaging_pipeline.stack import wheels
from messaging_pipeline.stack.ports import LOOPBACK
from messaging_pipeline.stack.processes import ProcessSpec, RunningProcess
from messaging_pipeline.stack.readiness import redis_answers
from tests.faults.steady_ports import steady_ports

_READY_SECONDS = 30.0


class RedisServer:
    """Valkey with an append-only file that is synced each second, as operators are told to run it."""

    def __init__(self, folder: Path, log: Path) -> None:
        """Start it; nothing is in it."""
        self._folder, self._log = folder, log
        self._port = steady_ports(1)[0]
        self.url = f"redis://{LOOPBACK}:{self._port}/0"
        self._process: RunningProcess | None = None
        self.start()

    def start(self) -> None:
        """Start it on the data that is there, and wait until it answers."""
        self._folder.mkdir(exist_ok=True)
        options = {"port": str(self._port), "bind": LOOPBACK, "dir": str(self._folder), "appendonly": "yes", "save": ""}
        words = [word for name, value in options.items() for word in (f"--{name}", value)]
        spec = ProcessSpec(
            name="valkey", argv=(str(wheels.valkey_program()), *words), ready=lambda: redis_answers(self.url)
        )
        self._process = RunningProcess(spec, self._log)
        self._process.wait_until_ready(_READY_SECONDS)

    def stop(self, *, forget: bool = False) -> None:
        """Stop it, and let it forget everything if so wished."""
        if self._process is not None:
            self._process.stop()
            self._process = None
        if forget:
            shutil.rmtree(self._folder, ignore_errors=True)
