"""The whole pipeline on this machine, as one ``with`` block: what ``up`` and ``demo`` stand on."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from messaging_pipeline.db.migrate import migrate
from messaging_pipeline.settings import Settings
from messaging_pipeline.stack import own_processes, ports
from messaging_pipeline.stack.child_environment import (
    is_set,
    simulated_account,
    simulated_services,
    talks_to_real_twilio,
)
from messaging_pipeline.stack.embedded import start_postgres, start_valkey
from messaging_pipeline.stack.folder_lock import FolderLock
from messaging_pipeline.stack.local_secrets import LocalSecrets, local_secrets
from messaging_pipeline.stack.processes import ProcessFailed
from messaging_pipeline.stack.readiness import SimulatorAddress, simulator_address
from messaging_pipeline.stack.supervisor import Supervisor

DEFAULT_FOLDER = Path(".local")


@dataclass(frozen=True, slots=True)
class LocalStack:
    """A running pipeline.

    ``made`` are the variables that the stack has set, ``environment`` these and the caller's own: what a
    process needs that belongs to it. ``webhooks_port`` and ``metrics_ports`` (by process) are on loopback.
    ``simulator`` is None when this is real Twilio. ``logs`` holds a ``NAME.log`` for each process.
    """

    made: Mapping[str, str] = field(repr=False)
    environment: Mapping[str, str] = field(repr=False)
    webhooks_port: int
    metrics_ports: Mapping[str, int]
    simulator: SimulatorAddress | None
    logs: Path
    _supervisor: Supervisor = field(repr=False)

    def first_failure(self) -> ProcessFailed | None:
        """Describe a process that has ended by itself, or return None while all run."""
        return self._supervisor.first_failure()

    def pids(self) -> dict[str, int]:
        """Return the ids of our own processes by name; the servers' are not among them."""
        return self._supervisor.pids()


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
    settings = Settings.from_environment(given)
    simulated = not talks_to_real_twilio(given)
    folder = _existing(folder.absolute())
    with FolderLock(folder), ExitStack() as servers:
        logs = _fresh(folder / "run")
        secrets = local_secrets(folder)
        made = {
            **_start_servers(given, folder, servers),
            **_own_variables(given, secrets, settings.port),
        }
        migrate({**given, **made}["DATABASE_URL"])
        with Supervisor(logs) as supervisor:
            simulator = None
            if simulated:
                made |= simulated_account(given, secrets, int(made["PORT"]))
                simulator = _start_simulator({**given, **made}, supervisor, logs, simulator_arguments)
                made |= simulated_services(given, simulator)
            environment = {**given, **made}
            metrics_ports = dict(
                zip(own_processes.MEASURED, ports.free_ports(len(own_processes.MEASURED)), strict=True)
            )
            supervisor.start(*own_processes.pipeline(environment, logs, metrics_ports))
            yield LocalStack(made, environment, int(made["PORT"]), metrics_ports, simulator, logs, supervisor)


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


def _start_servers(given: Mapping[str, str], folder: Path, servers: ExitStack) -> dict[str, str]:
    """Start the servers that are not given, and return the variables that lead to them."""
    made = {}
    if not is_set(given, "DATABASE_URL"):
        made["DATABASE_URL"] = servers.enter_context(start_postgres(folder / "postgres")).dsn
    if not is_set(given, "REDIS_URL"):
        made["REDIS_URL"] = servers.enter_context(start_valkey(folder / "valkey")).url
        if not is_set(given, "CELERY_BROKER_URL"):
            made["CELERY_BROKER_URL"] = made["REDIS_URL"]
    return made


def _own_variables(given: Mapping[str, str], secrets: LocalSecrets, wanted_port: int) -> dict[str, str]:
    port = wanted_port if wanted_port and ports.is_free(wanted_port) else ports.free_port()
    made = {"PORT": str(port)}
    if not is_set(given, "MESSAGING_ENCRYPTION_KEYS"):
        made["MESSAGING_ENCRYPTION_KEYS"] = secrets.encryption_key
    return made


def _start_simulator(
    environment: Mapping[str, str], supervisor: Supervisor, logs: Path, arguments: Sequence[str]
) -> SimulatorAddress:
    log = logs / "simulator.log"
    supervisor.start(own_processes.simulator(environment, log, arguments))
    address = simulator_address(log)
    assert address is not None, "it is ready once its address can be read"  # noqa: S101
    return address
