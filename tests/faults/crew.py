"""Our processes, which are killed and asked to stop as the schedule says, and started again."""

import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from messaging_pipeline.stack import own_processes
from messaging_pipeline.stack.processes import ProcessSpec, RunningProcess
from tests.faults.records import Death
from tests.faults.rules.doubt import THREADS
from tests.faults.schedule import DELIVER_WORKERS, EVENTS_WORKERS, PROCESSES
from tests.faults.steady_ports import steady_ports

_READY_SECONDS = 90.0
#: A process that finds a server away when it starts ends with 3, and is started again as the units for systemd say.
_NOT_REACHABLE, _RESTART_SECONDS = 3, 5.0


@dataclass(slots=True)
class Member:
    """One process, running or about to come back at ``back_at`` (monotonic); ``pause`` is how long it stays away."""

    spec: ProcessSpec
    log: Path
    process: RunningProcess
    back_at: float | None = None
    pause: float = 0.0
    gone_by: float | None = None

    @property
    def is_wanted(self) -> bool:
        """Whether nobody has told it to end."""
        return self.gone_by is None

    @property
    def is_ready(self) -> bool:
        """Whether it runs and does its work."""
        return self.process.is_alive() and (self.spec.ready is None or self.spec.ready())


@dataclass(slots=True)
class Crew:
    """All of them. Only the thread that lives longest may start them: children end with the thread that began them."""

    environment: Mapping[str, str]
    logs: Path
    deaths: list[Death] = field(default_factory=list)
    surprises: list[str] = field(default_factory=list)
    members: dict[str, Member] = field(default_factory=dict)

    def start(self) -> None:
        """Start everybody and wait until each is ready."""
        for spec in _specifications(self.environment, self.logs):
            log = self.logs / f"{spec.name}.log"
            self.members[spec.name] = Member(spec, log, RunningProcess(spec, log))
        self.wait_until_ready()

    def kill(self, name: str, away_seconds: float) -> None:
        """End a process at once (SIGKILL); it comes back after so many seconds."""
        member = self.members[name]
        if not member.process.is_alive():
            return
        member.gone_by, member.pause = float("inf"), away_seconds
        self._end(member)

    def ask_to_stop(self, name: str, away_seconds: float) -> None:
        """Ask a process to end in good order (SIGTERM); it comes back so many seconds after it did."""
        member = self.members[name]
        member.process.ask_to_stop()
        member.gone_by, member.pause = time.monotonic() + member.spec.grace_seconds, away_seconds

    def look_after(self) -> None:
        """Start again whoever has been away for long enough; whoever left unasked is noted and started again, too.

        To leave for want of a server is no surprise.
        """
        now = time.monotonic()
        for name, member in self.members.items():
            if member.process.is_alive():
                self._mind_the_grace(member, now)
                continue
            if member.back_at is None:
                if member.is_wanted and member.process.exit_status == _NOT_REACHABLE:
                    member.pause = _RESTART_SECONDS
                elif member.is_wanted:
                    self.surprises.append(str(member.process.unwanted_end()))
                member.back_at = now + member.pause
            if now >= member.back_at:
                self.members[name] = Member(member.spec, member.log, RunningProcess(member.spec, member.log))

    def wait_until_ready(self) -> None:
        """Wait until everybody runs and is ready."""
        deadline = time.monotonic() + _READY_SECONDS
        while not all(member.is_ready for member in self.members.values()) and time.monotonic() < deadline:
            self.look_after()
            time.sleep(0.1)
        for member in self.members.values():
            member.process.wait_until_ready(_READY_SECONDS)

    def is_leaving(self) -> bool:
        """Tell whether somebody is away, or asked to go and not gone yet."""
        return any(not member.is_wanted for member in self.members.values())

    def stop(self) -> None:
        """End everybody, in good order where that is possible."""
        for member in self.members.values():
            member.process.ask_to_stop()
        for member in self.members.values():
            member.process.stop()

    def _mind_the_grace(self, member: Member, now: float) -> None:
        """Whoever does not end in its time is ended as an orchestrator would do it, and that is worth a word."""
        if member.gone_by is not None and now > member.gone_by:
            self.surprises.append(f"{member.spec.name} did not end within {member.spec.grace_seconds:g} s of SIGTERM")
            member.gone_by = float("inf")
            self._end(member)

    def _end(self, member: Member) -> None:
        os.killpg(member.process.pid, signal.SIGKILL)
        self.deaths.append(Death(member.process.pid, member.spec.name, time.time()))


def _specifications(environment: Mapping[str, str], folder: Path) -> list[ProcessSpec]:
    """Several of each worker, each with a name and a metrics port of its own."""
    ports = dict(zip(PROCESSES, steady_ports(len(PROCESSES)), strict=True))
    specs = []
    for one, other in zip(DELIVER_WORKERS, (*EVENTS_WORKERS, *EVENTS_WORKERS), strict=False):
        metrics = {"deliver": ports[one], "events": ports[other], "webhooks": ports["webhooks"]}
        of_kind = {spec.name: spec for spec in own_processes.pipeline(environment, folder, metrics)}
        specs += [_named(of_kind["deliver"], one), _named(of_kind["events"], other)]
    specs += [of_kind["webhooks"], of_kind["beat"]]
    return list({spec.name: spec for spec in specs}.values())


def _named(worker: ProcessSpec, name: str) -> ProcessSpec:
    argv = list(worker.argv)
    argv[argv.index("-n") + 1] = f"{name}@%h"
    argv[argv.index("-c") + 1] = str(THREADS)
    return replace(worker, name=name, argv=tuple(argv))
