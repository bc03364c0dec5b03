"""The whole pipeline on this machine, as one ``with`` block: what ``up`` and ``demo`` stand on."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from messaging_pipeline.settings import Settings
from messaging_pipeline.stack import own_processes, ports
from messaging_pipeline.stack.child_environment import (
    own_variables,
    simulated_account,
    simulated_services,
    talks_to_real_twilio,
)
from messaging_pipeline.stack.folder_lock import FolderLock
from messaging_pipeline.stack.local_secrets import local_secrets
from messaging_pipeline.stack.local_servers import LocalServers, local_servers
from messaging_pipeline.stack.own_processes import MEASURED
from messaging_pipeline.stack.processes import ProcessFailed
from messaging_pipeline.stack.readiness import SimulatorAddress, simulator_address
from messaging_pipeline.stack.supervisor import Supervisor

DEFAULT_FOLDER = Path(".local")


@dataclass(frozen=True, slots=True)
class LocalStack:
    """A running pipeline.

    ``given`` is the caller's environment, ``made`` what the stack has set beside it. ``metrics_ports`` (by
    process) are on loopback, as is all else. ``simulator`` is None when this is real Twilio. ``logs`` holds a
    ``NAME.log`` for each process.
    """

    given: Mapping[str, str] = field(repr=False)
    made: Mapping[str, str] = field(repr=False)
    metrics_ports: Mapping[str, int]
    simulator: SimulatorAddress | None
    logs: Path
    _servers: LocalServers = field(repr=False)
    _supervisor: Supervisor = field(repr=False)

    @property
    def environment(self) -> dict[str, str]:
        """All that a process needs which belongs to this stack."""
        return {**self.given, **self.made}

    @property
    def webhooks_port(self) -> int:
        """Where the webhooks listen."""
        return int(self.made["PORT"])

    def first_failure(self) -> ProcessFailed | None:
        """Describe a process that has ended by itself, or return None while all run."""
        return self._servers.first_failure() or self._supervisor.first_failure()


@contextmanager
def local_stack(
    given: Mapping[str, str],
    *,
    folder: Path = DEFAULT_FOLDER,
    simulator_arguments: Sequence[str] = (),
) -> Iterator[LocalStack]:
    """Run Postgres, Valkey, the simulator, workers, beat and webhooks for the length of a ``with`` block.

    What the environment ``given`` names is used and not started: ``DATABASE_URL``, ``REDIS_URL``, and real
    Twilio when both ``TWILIO_ACCOUNT_SID`` and ``TWILIO_AUTH_TOKEN`` are set. Data stays in ``folder``; what
    belongs to one run (logs, beat's schedule) is in ``folder/run``.

    Raises ``FolderInUse``, ``InvalidSettings``, ``NotReachable``, ``LocalExtraMissing`` or ``ProcessFailed``,
    and leaves nothing running then.
    """
    wanted_port = Settings.from_environment(given).port
    simulated = not talks_to_real_twilio(given)
    folder = _existing(folder.absolute())
    logs = folder / "run"
    with FolderLock(folder), local_servers(given, folder) as servers, Supervisor(_fresh(logs)) as supervisor:
        secrets = local_secrets(folder)
        port = wanted_port if wanted_port and ports.is_free(wanted_port) else ports.free_port()
        made = {**servers.made, **own_variables(given, secrets, port)}
        simulator = None
        if simulated:
            made |= simulated_account(given, secrets, port)
            simulator = _start_simulator({**given, **made}, supervisor, logs, simulator_arguments)
            made |= simulated_services(given, simulator)
        metrics_ports = dict(zip(MEASURED, ports.free_ports(len(MEASURED)), strict=True))
        supervisor.start(*own_processes.pipeline({**given, **made}, logs, metrics_ports))
        yield LocalStack(given, made, metrics_ports, simulator, logs, servers, supervisor)


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
    environment: Mapping[str, str], supervisor: Supervisor, logs: Path, arguments: Sequence[str]
) -> SimulatorAddress:
    log = logs / "simulator.log"
    supervisor.start(own_processes.simulator(environment, log, arguments))
    address = simulator_address(log)
    assert address is not None, "it is ready once its address can be read"  # noqa: S101
    return address
