"""The pipeline, started by the command lines that its documentation gives."""

from collections.abc import Sequence
from pathlib import Path

from cryptography.fernet import Fernet

from messaging_pipeline.accept.accept import Accepting
from messaging_pipeline.db.migrate import migrate
from messaging_pipeline.runtime import build_runtime
from messaging_pipeline.settings import Settings
from messaging_pipeline.stack import own_processes
from messaging_pipeline.stack.ports import LOOPBACK, free_port, free_ports
from messaging_pipeline.stack.processes import ProcessSpec
from tests.bench.bed import Bed
from tests.bench.side import BODY, Side

#: A rate that is never the limit.
_CONFIGURATION = "[services.default]\nmessaging_service_sid = '{service}'\nsegments_per_second = 5000\n"

_COPIES = """
with source as (
    delete from messages returning *
), copied as (
    insert into messages (id, tenant, service, to_number, content, encoding, segments, priority, status, status_at,
                          due_at, attempts, sid, fingerprint, created_at)
    select gen_random_uuid(), tenant, service, to_number, content, encoding, segments, priority, 'sent', status_at,
           due_at, 1, copy.sid, fingerprint, created_at
    from source, unnest(%(sids)s::text[]) as copy (sid)
    returning id, sid, created_at
), attempted as (
    insert into attempts (message_id, number, started_at, finished_at, outcome, sid, http_status)
    select id, 1, created_at, created_at, 'accepted', sid, 201 from copied
)
select sid, id from copied
"""


class OurSide(Side):
    """Deliver worker, events worker, beat and webhooks."""

    name = "ours"
    sends_with = "deliver"
    follows_with = "events"

    def __init__(self, bed: Bed, redis_number: int) -> None:
        super().__init__(bed, redis_number)
        config = bed.folder / "messaging.toml"
        config.write_text(_CONFIGURATION.format(service=bed.messaging_service_sid))
        port = free_port()
        self._web_url = f"http://{LOOPBACK}:{port}"
        self._environment = {
            **bed.environment(),
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "PORT": str(port),
            "TWILIO_STATUS_CALLBACK_PUBLIC_URL": f"{self._web_url}/twilio/status",
            "MESSAGING_CONFIG": str(config),
            "MESSAGING_ENCRYPTION_KEYS": Fernet.generate_key().decode(),
        }
        migrate(self.database_url)
        self._runtime = build_runtime(Settings.from_environment(self._environment), name="bench")

    @property
    def web_url(self) -> str:
        """Where the webhooks listen."""
        return self._web_url

    def accept(self, to: str) -> None:
        """Accept one message through the library's front door."""
        self._accepting.accept({"to": to, "body": BODY})

    def seed_sent(self, sids: Sequence[str]) -> list[str]:
        """Accept one message and put copies of it where messages stand once they are sent."""
        self.accept("+14155550100")
        paths = {sid: f"/twilio/status/{message_id}" for sid, message_id in self._copy(sids)}
        return [paths[sid] for sid in sids]

    def workers(self, folder: Path) -> list[ProcessSpec]:
        """Describe deliver, events and beat."""
        return [spec for spec in self._all(folder) if spec.name != "webhooks"]

    def web(self, folder: Path) -> ProcessSpec:
        """Describe the webhooks."""
        return next(spec for spec in self._all(folder) if spec.name == "webhooks")

    def close(self) -> None:
        """Close every connection."""
        self._runtime.close()
        super().close()

    @property
    def _accepting(self) -> Accepting:
        return self._runtime.accepting

    def _copy(self, sids: Sequence[str]) -> list[tuple[str, str]]:
        return self.database.execute(_COPIES, {"sids": list(sids)}).fetchall()

    def _all(self, folder: Path) -> list[ProcessSpec]:
        names = own_processes.MEASURED
        metrics_ports = dict(zip(names, free_ports(len(names)), strict=True))
        return own_processes.pipeline(self._environment, folder, metrics_ports)
