"""A private RabbitMQ that comes back at the same address, with its queues or without, where it is installed."""

import os
import shutil
import socket
from pathlib import Path

from messaging_pipeline.errors import PipelineError
from messaging_pipeline.stack.ports import LOOPBACK
from messaging_pipeline.stack.processes import ProcessSpec, RunningProcess
from tests.faults.steady_ports import steady_ports

#: Debian's wrapper on the search path changes the account; the script it calls does not.
_PROGRAMS = ("/usr/lib/rabbitmq/bin/rabbitmq-server", "/opt/rabbitmq/sbin/rabbitmq-server")
_READY_SECONDS = 90.0
_GRACE_SECONDS = 30.0


class NoRabbitMQ(PipelineError):
    """Raised when there is no RabbitMQ on this machine to start."""

    def __str__(self) -> str:
        return "--broker rabbitmq: no rabbitmq-server is installed on this machine; give the URL of a running one"


class RabbitServer:
    """One node, alone, in a folder of its own."""

    def __init__(self, folder: Path, log: Path) -> None:
        """Start it; nothing is in it. Raises NoRabbitMQ."""
        self._folder, self._log = folder, log
        self._port, self._distribution_port = steady_ports(2)
        self.url = f"amqp://guest:guest@{LOOPBACK}:{self._port}//"
        self._process: RunningProcess | None = None
        self.start().wait_until_ready(_READY_SECONDS)

    def start(self) -> RunningProcess:
        """Start it on the queues that are there; it takes some ten seconds until it answers."""
        self._folder.mkdir(exist_ok=True)
        config = self._folder / "rabbitmq.conf"
        config.write_text(f"listeners.tcp.1 = {LOOPBACK}:{self._port}\n")
        spec = ProcessSpec(
            name="rabbitmq",
            argv=(_program(),),
            environment={**os.environ, **self._variables(config)},
            ready=lambda: _listens(self._port),
            grace_seconds=_GRACE_SECONDS,
        )
        self._process = RunningProcess(spec, self._log)
        return self._process

    def stop(self, *, forget: bool = False) -> None:
        """Stop it, and let it forget everything if so wished."""
        if self._process is not None:
            self._process.stop()
            self._process = None
        if forget:
            shutil.rmtree(self._folder / "mnesia", ignore_errors=True)

    def _variables(self, config: Path) -> dict[str, str]:
        folder = str(self._folder)
        return {
            "HOME": folder,  # where Erlang keeps its cookie
            "RABBITMQ_NODENAME": f"faults{self._port}@localhost",
            "RABBITMQ_CONFIG_FILE": str(config),
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "RABBITMQ_MNESIA_BASE": f"{folder}/mnesia",
            "RABBITMQ_LOG_BASE": f"{folder}/log",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/plugins",
            "RABBITMQ_DIST_PORT": str(self._distribution_port),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                f"-start_epmd false -erl_epmd_port {self._distribution_port}"  # leaves no daemon behind
            ),
        }


def _program() -> str:
    for program in _PROGRAMS:
        if Path(program).exists():
            return program
    raise NoRabbitMQ


def _listens(port: int) -> bool:
    try:
        with socket.create_connection((LOOPBACK, port), timeout=2):
            return True
    except OSError:
        return False
