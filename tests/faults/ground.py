"""What a run stands on: private servers, the simulator behind its gate, the settings that all share."""

import json
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.fernet import Fernet

from messaging_pipeline.configuration import Configuration, load_configuration
from messaging_pipeline.db.migrate import migrate
from messaging_pipeline.settings import Settings
from messaging_pipeline.simulator.control_client import SimulatorControl
from messaging_pipeline.stack import own_processes
from messaging_pipeline.stack.ports import LOOPBACK
from messaging_pipeline.stack.readiness import SimulatorAddress, simulator_address
from messaging_pipeline.stack.supervisor import Supervisor
from tests.faults.gate import Gate
from tests.faults.options import PRIVATE_RABBITMQ
from tests.faults.postgres_server import PostgresServer
from tests.faults.rabbitmq_server import RabbitServer
from tests.faults.redis_server import RedisServer
from tests.faults.steady_ports import steady_ports

_OURS = ("TWILIO_", "MESSAGING_", "DATABASE_URL", "REDIS_URL", "CELERY_", "SMTP_URL", "SENDGRID_", "FALLBACK_", "PORT")
_WRONG_NUMBER, _RIGHT_NUMBER = "+15005550007", "+12065550188"
_SOONER = (
    ("ask_after_seconds = [8, 15, 30]", "ask_after_seconds = [4, 8, 12]"),
    ("give_up_after_seconds = 75", "give_up_after_seconds = 25"),
    ("unconfirmed_after_seconds = 20", "unconfirmed_after_seconds = 10"),
)
_TEMPLATES = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Ground:
    """Where everything is."""

    folder: Path
    logs: Path
    postgres: PostgresServer
    redis: RedisServer
    rabbit: RabbitServer | None
    simulator: SimulatorAddress
    control: SimulatorControl
    gate: Gate
    environment: dict[str, str] = field(repr=False)

    @property
    def settings(self) -> Settings:
        """The settings of every process of ours."""
        return Settings.from_environment(self.environment)

    @property
    def configuration(self) -> Configuration:
        """What ``messaging.toml`` declares."""
        return load_configuration(self.settings)

    def mend_wrong_number(self) -> None:
        """Write a number of the account's in the place of the wrong one."""
        config = Path(self.environment["MESSAGING_CONFIG"])
        config.write_text(config.read_text("utf-8").replace(_WRONG_NUMBER, _RIGHT_NUMBER), "utf-8")


@contextmanager
def made_ground(seed: int, broker: str | None, *, quick: bool) -> Iterator[Ground]:
    """Start the servers and the simulator; all but the logs is gone afterwards."""
    with ExitStack() as cleanup:
        folder = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="mp-faults-")))
        folder.chmod(0o711)  # as root, Postgres runs as another account
        logs = Path(tempfile.mkdtemp(prefix="messaging-pipeline-faults-logs-"))
        postgres = PostgresServer(folder / "postgres")
        cleanup.callback(postgres.stop)
        migrate(postgres.url)
        redis = RedisServer(folder / "valkey", logs / "valkey.log")
        cleanup.callback(redis.stop)
        rabbit = None
        if broker == PRIVATE_RABBITMQ:
            rabbit = RabbitServer(folder / "rabbitmq", logs / "rabbitmq.log")
            cleanup.callback(rabbit.stop)
            broker = rabbit.url
        environment = _environment(folder, postgres.url, redis.url, broker or redis.url)
        _write_configuration(Path(environment["MESSAGING_CONFIG"]), quick=quick)
        simulator = _start_simulator(cleanup.enter_context(Supervisor(logs)), environment, logs, seed)
        gate = cleanup.enter_context(Gate(urlsplit(simulator.url).port or 0))
        environment |= {
            "TWILIO_API_BASE_URL": f"http://{LOOPBACK}:{gate.port}",
            "SMTP_URL": f"smtp://{LOOPBACK}:{simulator.smtp_port}",
        }
        (logs / "environment.json").write_text(json.dumps({k: environment[k] for k in sorted(_own(environment))}))
        control = cleanup.enter_context(SimulatorControl(simulator.url))
        yield Ground(folder, logs, postgres, redis, rabbit, simulator, control, gate, environment)


def _environment(folder: Path, postgres_url: str, redis_url: str, broker_url: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    port = steady_ports(1)[0]
    webhooks = f"http://{LOOPBACK}:{port}/twilio"
    return {
        **kept,
        "DATABASE_URL": postgres_url,
        "REDIS_URL": redis_url,
        "CELERY_BROKER_URL": broker_url,
        "PORT": str(port),
        "TWILIO_ACCOUNT_SID": f"AC{secrets.token_hex(16)}",
        "TWILIO_AUTH_TOKEN": secrets.token_hex(16),
        "TWILIO_STATUS_CALLBACK_PUBLIC_URL": f"{webhooks}/status",
        "TWILIO_INBOUND_WEBHOOK_PUBLIC_URL": f"{webhooks}/inbound",
        "FALLBACK_EMAIL_FROM": "messaging-pipeline@example.com",
        "MESSAGING_CONFIG": str(folder / "messaging.toml"),
        "MESSAGING_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        "MESSAGING_LEASE_SECONDS": "15",
    }


def _write_configuration(path: Path, *, quick: bool) -> None:
    """A short run asks sooner and gives up sooner."""
    text = (_TEMPLATES / "messaging.toml").read_text("utf-8")
    for usual, sooner in _SOONER if quick else ():
        assert usual in text
        text = text.replace(usual, sooner)
    path.write_text(text, "utf-8")


def _own(environment: dict[str, str]) -> list[str]:
    return [name for name in environment if name.startswith(_OURS)]


def _start_simulator(supervisor: Supervisor, environment: dict[str, str], logs: Path, seed: int) -> SimulatorAddress:
    config, inbound_url = _TEMPLATES / "simulation.toml", environment["TWILIO_INBOUND_WEBHOOK_PUBLIC_URL"]
    arguments = ("--config", str(config), "--seed", str(seed), "--inbound-url", f"{inbound_url}#rc=5&rp=all")
    log = logs / "simulator.log"
    supervisor.start(own_processes.simulator(environment, log, arguments))
    address = simulator_address(log)
    assert address is not None, "it is ready once its address can be read"
    return address
