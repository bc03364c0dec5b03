"""What both sides stand on: one private Postgres, one private Valkey, one simulator in a process of its own."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from messaging_pipeline.simulator.control_client import SimulatorControl
from messaging_pipeline.stack import own_processes
from messaging_pipeline.stack.embedded import start_postgres, start_valkey
from messaging_pipeline.stack.readiness import simulator_address
from messaging_pipeline.stack.supervisor import Supervisor

TWILIO_LATENCY_MILLISECONDS = 100
#: Counted from the create, whose answer takes the latency: the first callback comes well after the answer.
SENDER_CHOSEN_SECONDS = 0.2
HANDOVER_SECONDS = 0.05
RECEIPT_SECONDS = 0.05

#: Constant times, and senders that never queue: what varies from message to message is then our own doing.
_SIMULATION = """
[services.{service}]
senders = ["+12065550100", "+12065550101"]
[senders."+12065550100"]
mps = 100000
[senders."+12065550101"]
mps = 100000
[faults]
latency_ms = {latency}
[carrier]
choose_sender_seconds = [{chosen}, {chosen}]
handover_seconds = [{handover}, {handover}]
receipt_seconds = [{receipt}, {receipt}]
"""
_OURS = ("TWILIO_", "MESSAGING_", "DATABASE_URL", "REDIS_URL", "CELERY_", "SMTP_URL", "SENDGRID_", "FALLBACK_")


@dataclass(frozen=True, slots=True)
class Bed:
    """Where everything is, and the account that the simulator accepts."""

    folder: Path
    postgres_url: str
    valkey_url: str
    simulator_url: str
    control: SimulatorControl
    account_sid: str
    auth_token: str
    messaging_service_sid: str

    def new_database(self, name: str) -> str:
        """Create an empty database, in place of one that an earlier round has left, and return its URL."""
        with psycopg.connect(self.postgres_url, autocommit=True) as connection:
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        return urlunsplit(urlsplit(self.postgres_url)._replace(path=f"/{name}"))

    def redis_database(self, number: int) -> str:
        """Return the URL of one of Valkey's databases."""
        return urlunsplit(urlsplit(self.valkey_url)._replace(path=f"/{number}"))

    def environment(self) -> dict[str, str]:
        """Return the machine's environment with the simulator's account in it, and nothing of this project's."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        return {
            **kept,
            "TWILIO_ACCOUNT_SID": self.account_sid,
            "TWILIO_AUTH_TOKEN": self.auth_token,
            "TWILIO_MESSAGING_SERVICE_SID": self.messaging_service_sid,
            "TWILIO_API_BASE_URL": self.simulator_url,
        }

    def begin(self, *, callbacks: bool) -> None:
        """Let the simulation begin again, with status callbacks or without them."""
        self.control.reset()
        self.control.set_faults(callback_lost=0.0 if callbacks else 1.0)


@contextmanager
def made_bed() -> Iterator[Bed]:
    """Start the servers and the simulator in a temporary folder, and end them with the ``with`` block."""
    account, token, service = f"AC{secrets.token_hex(16)}", secrets.token_hex(16), f"MG{secrets.token_hex(16)}"
    with tempfile.TemporaryDirectory(prefix="messaging-pipeline-bench-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # as root, Postgres runs as another account
        environment = {**os.environ, "TWILIO_ACCOUNT_SID": account, "TWILIO_AUTH_TOKEN": token}
        with (
            start_postgres(folder / "postgres") as postgres,
            start_valkey(folder / "valkey") as valkey,
            Supervisor(folder) as supervisor,
        ):
            url = _start_simulator(supervisor, environment, service, folder)
            with SimulatorControl(url) as control:
                yield Bed(folder, postgres.dsn, valkey.url, url, control, account, token, service)


def _start_simulator(supervisor: Supervisor, environment: dict[str, str], service: str, folder: Path) -> str:
    config, log = folder / "simulation.toml", folder / "simulator.log"
    config.write_text(
        _SIMULATION.format(
            service=service,
            latency=TWILIO_LATENCY_MILLISECONDS,
            chosen=SENDER_CHOSEN_SECONDS,
            handover=HANDOVER_SECONDS,
            receipt=RECEIPT_SECONDS,
        )
    )
    supervisor.start(own_processes.simulator(environment, log, ("--config", str(config), "--seed", "1")))
    address = simulator_address(log)
    assert address is not None, "it is ready once its address can be read"
    return address.url
