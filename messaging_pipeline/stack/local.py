"""The whole pipeline on this machine, as one ``with`` block: what ``up`` and ``demo`` stand on."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from messaging_pipeline.stack import own_processes
from messaging_pipeline.stack.child_environment import (
    own_variables,
    simulated_account,
    simulated_services,
    talks_to_real_twilio,
)
from messaging_pipeline.stack.chosen_ports import ChosenPorts
from messaging_pipeline.stack.folder_lock import FolderLock
from messaging_pipeline.stack.kept_ports import KeptPorts
from messaging_pipeline.stack.local_secrets import local_secrets
from messaging_pipeline.stack.local_servers import LocalServers, local_servers
from messaging_pipeline.stack.ports import LOOPBACK
from messaging_pipeline.stack.processes import ProcessFailed, RunningProcess
from messaging_pipeline.stack.readiness import SimulatorAddress, simulator_address
from messaging_pipeline.stack.simulated_setup import set_up_services
from messaging_pipeline.stack.supervisor import Supervisor

DEFAULT_FOLDER = Path(".local")

SimulatorKnown = Callable[[SimulatorAddress], Mapping[str, str]]
"""Returns variables that only somebody can know who knows where the simulator is."""


@dataclass(frozen=True, slots=True)
class LocalStack:
    """A running pipeline.

    ``given`` is the caller's environment, ``made`` what the stack has set beside it. ``metrics_ports`` (by
    process) are on loopback, as is all else. ``simulator`` is None when this is real Twilio. ``logs`` holds a
    ``NAME.log`` for each process, ``servers`` the private servers. ``has_moved`` tells that variables which an
    earlier run in the folder had made lead nowhere now.
    """

    given: Mapping[str, str] = field(repr=False)
    made: Mapping[str, str] = field(repr=False)
    metrics_ports: Mapping[str, int]
    simulator: SimulatorAddress | None
    logs: Path
    servers: LocalServers = field(repr=False)
    has_moved: bool
    _supervisor: Supervisor = field(repr=False)

    @property
    def environment(self) -> dict[str, str]:
        """All that a process needs which belongs to this stack."""
        return {**self.given, **self.made}

    @property
    def webhooks_port(self) -> int:
        """Where the webhooks listen."""
        return int(self.made["PORT"])

    def process(self, name: str) -> RunningProcess:
        """Return one of our processes by its name: simulator, deliver, events, beat, webhooks."""
        return self._supervisor.process(name)

    def first_failure(self) -> ProcessFailed | None:
        """Describe a process that has ended by itself, or return None while all run."""
        return self.servers.first_failure() or self._supervisor.first_failure()


@contextmanager
def local_stack(
    given: Mapping[str, str],
    *,
    folder: Path = DEFAULT_FOLDER,
    simulator_arguments: Sequence[str] = (),
    simulator_known: SimulatorKnown | None = None,
) -> Iterator[LocalStack]:
    """Run Postgres, Valkey, the simulator, workers, beat and webhooks for the length of a ``with`` block.

    What the environment ``given`` names is used and not started: ``DATABASE_URL``, ``REDIS_URL``, and real
    Twilio when both ``TWILIO_ACCOUNT_SID`` and ``TWILIO_AUTH_TOKEN`` are set. Data stays in ``folder``, and so do
    ports that are free; what belongs to one run (logs, beat's schedule) is in ``folder/run``. ``simulator_known`` is
    called when the simulator runs and nothing else of ours does, and returns more variables.

    Raises ``FolderInUse``, ``InvalidSettings``, ``NotReachable``, ``LocalExtraMissing`` or ``ProcessFailed``,
    and leaves nothing running then.
    """
    talks_to_real_twilio(given)  # half an account is refused before anything starts
    folder = _existing(folder.absolute())
    with FolderLock(folder), ExitStack() as cleanup:
        chosen = ChosenPorts.choose(given, KeptPorts.of_the_last_run(folder))
        servers = cleanup.enter_context(local_servers(given, folder))
        run = partial(_run, given, servers, folder, simulator_arguments, simulator_known)
        try:
            stack = cleanup.enter_context(run(chosen))
        except ProcessFailed:
            if chosen.are_free():
                raise
            # Another stack on this machine was faster to take one of them.
            stack = cleanup.enter_context(run(ChosenPorts.choose(given, KeptPorts.of_the_last_run(folder))))
        yield stack


@contextmanager
def _run(
    given: Mapping[str, str],
    servers: LocalServers,
    folder: Path,
    simulator_arguments: Sequence[str],
    simulator_known: SimulatorKnown | None,
    chosen: ChosenPorts,
) -> Iterator[LocalStack]:
    """Run our own processes, the servers running already."""
    logs, secrets = _fresh(folder / "run"), local_secrets(folder)
    made = {**servers.made, **own_variables(given, secrets, chosen.webhooks)}
    simulator = None
    with Supervisor(logs) as supervisor:
        if not talks_to_real_twilio(given):
            made |= simulated_account(given, secrets, chosen.webhooks)
            simulator = _start_simulator({**given, **made}, supervisor, logs, simulator_arguments, chosen)
            made |= simulated_services(given, simulator)
            if simulator_known is not None:
                made |= simulator_known(simulator)
            set_up_services({**given, **made})
        supervisor.start(*own_processes.pipeline({**given, **made}, logs, chosen.metrics))
        last, now = KeptPorts.of_the_last_run(folder), chosen.to_keep(servers)
        now.keep(folder)
        has_moved = last.are_known and last != now
        yield LocalStack(given, made, chosen.metrics, simulator, logs, servers, has_moved, supervisor)


def _existing(folder: Path) -> Path:
    """Make the folder unless it is there; others may pass through, as Postgres must when we are root."""
    if not folder.exists():
        folder.mkdir(parents=True)
        folder.chmod(0o711)
    return folder


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    return folder


def _start_simulator(
    environment: Mapping[str, str], supervisor: Supervisor, logs: Path, arguments: Sequence[str], chosen: ChosenPorts
) -> SimulatorAddress:
    log = logs / "simulator.log"
    events = ("--sendgrid-events-url", f"http://{LOOPBACK}:{environment['PORT']}/sendgrid/events")
    ours = own_processes.simulator(
        environment, log, (*events, *arguments), port=chosen.simulator, smtp_port=chosen.smtp
    )
    supervisor.start(ours)
    address = simulator_address(log)
    assert address is not None, "it is ready once its address can be read"  # noqa: S101
    return address
