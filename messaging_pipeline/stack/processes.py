"""Child processes: started in a session of their own, watched until ready, and never left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from messaging_pipeline.errors import PipelineError

_LAUNCHER = Path(__file__).with_name("launcher.py")
_POLL_SECONDS = 0.02
_TAIL_LINES = 20
_TAIL_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessSpec:
    """One program to run, and how to treat it.

    ``environment`` is the child's whole environment, None is ours. ``ready`` answers soon whether it does its
    work; without it a child counts as ready at once. ``stop_signal`` asks it to end in good order (on Linux
    also when we die), and after ``grace_seconds`` it is killed. ``user`` is another account to run it as,
    which takes root. ``inherit`` are descriptors that it keeps open.
    """

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] | None = None
    ready: Callable[[], bool] | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    grace_seconds: float = 15.0
    user: str | None = None
    inherit: tuple[int, ...] = ()


class ProcessFailed(PipelineError):
    """Raised when a child ended by itself or never became ready; the text ends with the end of its log."""

    def __init__(self, name: str, reason: str, log: Path, last_lines: Sequence[str]) -> None:
        super().__init__(name, reason, log, last_lines)
        self.name = name
        self.reason = reason
        self.log = log
        self.last_lines = tuple(last_lines)

    def __str__(self) -> str:
        lines = "".join(f"\n  {line}" for line in self.last_lines) or "\n  (empty)"
        return f"{self.name} {self.reason}; the end of its log {self.log}:{lines}"


def guarded(argv: Sequence[str], *, death_signal: int = signal.SIGTERM, user: str | None = None) -> list[str]:
    """Return the command that runs ``argv`` so that it ends when this process does (see ``launcher``)."""
    as_user = [] if user is None else ["--user", user]
    return [
        *(sys.executable, "-I", "-S", str(_LAUNCHER), "--parent", str(os.getpid())),
        *("--death-signal", str(int(death_signal)), *as_user, "--", *argv),
    ]


class RunningProcess:
    """A child that was started; it leads its own session, so a terminal's Ctrl-C reaches only us."""

    def __init__(self, spec: ProcessSpec, log: Path) -> None:
        """Start it; standard output and error are appended to ``log``."""
        self.spec = spec
        self.log = log
        self._asked_to_stop = False
        self._child = _launch(spec, log)

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return self.spec.name

    @property
    def pid(self) -> int:
        """Its process id, which is also the id of its session and process group."""
        return self._child.pid

    @property
    def exit_status(self) -> int | None:
        """How it ended: None while it runs, and minus the signal's number when a signal ended it."""
        return None if self.is_alive() else self._child.returncode

    def is_alive(self) -> bool:
        """Tell whether it still runs."""
        return not self._ends_within(0)

    def crash(self, number: signal.Signals = signal.SIGKILL) -> None:
        """End it by a signal, as a crash would, and with it whatever it started itself."""
        if self.is_alive():
            self._child.send_signal(number)
            self._asked_to_stop = True
        self.stop()

    def start_again(self) -> None:
        """Start it once more in the same way, after it has ended; the log goes on."""
        if self.is_alive():
            raise RuntimeError(f"{self.name} still runs")
        self._asked_to_stop = False
        self._child = _launch(self.spec, self.log)

    def wait_until_ready(self, within_seconds: float) -> None:
        """Return once it is ready; raise ``ProcessFailed`` when it ends first or takes too long."""
        deadline = time.monotonic() + within_seconds
        while self.spec.ready is not None:
            if self._ends_within(_POLL_SECONDS):  # asked first: somebody else might answer in its place
                raise self._failure("before it was ready")
            if self.spec.ready():
                return
            if time.monotonic() >= deadline:
                raise self._failure(f"was not ready after {within_seconds:g} seconds")

    def unwanted_end(self) -> ProcessFailed | None:
        """Describe how it ended although nobody stopped it, or return None while it runs."""
        return None if self.is_alive() else self._failure("although nobody had stopped it")

    def _failure(self, remark: str) -> ProcessFailed:
        status = self.exit_status
        reason = remark if status is None else f"{_how_it_ended(status)} {remark}"
        return ProcessFailed(self.name, reason, self.log, last_lines(self.log))

    def ask_to_stop(self) -> None:
        """Send the stop signal, once: to many programs a second one means to drop everything."""
        if self.is_alive() and not self._asked_to_stop:
            self._child.send_signal(self.spec.stop_signal)
            self._asked_to_stop = True

    def stop(self) -> None:
        """End it: politely, after its grace by force, and with it whatever it started itself. Repeatable."""
        self.ask_to_stop()
        try:
            self._ends_within(self.spec.grace_seconds)
        finally:  # also when a second Ctrl-C cuts the wait short
            if self._child.returncode is None:
                self._kill_group()
                self._child.wait()

    def _ends_within(self, seconds: float) -> bool:
        if self._child.returncode is not None:
            return True
        try:
            self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        self._kill_group()  # at once, while its id cannot have become anybody else's
        return True

    def _kill_group(self) -> None:
        # macOS answers "permission denied" for a group in which only zombies are left.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


def _launch(spec: ProcessSpec, log: Path) -> "subprocess.Popen[bytes]":
    with log.open("ab") as sink:
        return subprocess.Popen(
            guarded(spec.argv, death_signal=spec.stop_signal, user=spec.user),
            env=spec.environment,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=spec.inherit,
        )


def last_lines(path: Path, count: int = _TAIL_LINES) -> list[str]:
    """Return the last lines of a log, however long it is."""
    with path.open("rb") as log:
        log.seek(0, os.SEEK_END)
        log.seek(max(0, log.tell() - _TAIL_BYTES))
        return log.read().decode(errors="replace").splitlines()[-count:]


def _how_it_ended(status: int) -> str:
    if status < 0:
        return f"was ended by {signal.Signals(-status).name}"
    return f"ended with exit status {status}"
