"""`up` as a process of its own, as a terminal would run it."""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.children import WAIT_SECONDS, kill_quietly

PROJECT = Path(__file__).parents[2]
_UP = """
import os, sys
from pathlib import Path
from messaging_pipeline.stack.up import up
sys.exit(up(os.environ, sys.stdout, folder=Path(sys.argv[1])))
"""
_OURS = ("TWILIO_", "MESSAGING_", "DATABASE_URL", "REDIS_URL", "CELERY_", "SMTP_URL", "SENDGRID_", "FALLBACK_", "PORT")


@dataclass
class Up:
    """A running ``up`` and what it has said so far."""

    process: "subprocess.Popen[str]"
    said: list[str] = field(default_factory=list)

    def exports(self) -> dict[str, str]:
        """The variables that it offers to another shell, as that shell would understand them."""
        words = [shlex.split(line)[1] for line in self.said if line.startswith("export ")]
        return dict(word.split("=", 1) for word in words)

    def url(self, what: str) -> str:
        """The address that it gives for ``what``."""
        line = next(line for line in self.said if line.split()[:1] == [what])
        return line.split()[1]

    def descendants(self) -> list[int]:
        """The ids of all processes below it."""
        return _descendants(self.process.pid)

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Ask it to stop and return its exit status."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """Read what it says until it ends, and return its exit status."""
        assert self.process.stdout is not None
        self.said += self.process.stdout.read().splitlines()
        return self.process.wait(WAIT_SECONDS)


@contextmanager
def running_up(folder: Path, **environment: str) -> Iterator[Up]:
    """Run ``up`` in ``folder``, on any free port, without the tester's own servers and accounts."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    with subprocess.Popen(
        [sys.executable, "-c", _UP, str(folder)],
        cwd=PROJECT,
        env={**inherited, "PORT": "0", **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        up = Up(process)
        try:
            assert process.stdout is not None
            for line in process.stdout:
                up.said.append(line.rstrip("\n"))
                if line.startswith("Stop with"):
                    break
            yield up
        finally:
            if process.poll() is None:
                up.stop(signal.SIGTERM)
            kill_quietly(process.pid)


def _descendants(pid: int) -> list[int]:
    children = [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [*children, *(below for child in children for below in _descendants(child))]
