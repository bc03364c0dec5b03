"""The pipeline, started by the command lines that its documentation gives."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from cryptography.fernet import Fernet

from messaging_pipeline.accept.accept import Accepting
from messaging_pipeline.db.migrate import migrate
from messaging_pipeline.ids import ServiceKey
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

_DUE_COPIES = """
insert into messages (id, tenant, service, to_number, content, encoding, segments, priority, status, status_at,
                      due_at, fingerprint, created_at)
select gen_random_uuid(), tenant, service, to_number, content, encoding, segments, priority, status, status_at,
       due_at, fingerprint, created_at
from (select * from messages where service = %(service)s limit 1) as source, generate_series(2, %(count)s)
"""


class OurSide(Side):
    """Deliver workers, events worker, beat and webhooks.

    ``configuration`` is a ``messaging.toml`` in which ``{service}`` and ``{account}`` stand for the SIDs of the bed.
    """

    sends_with = "deliver"
    follows_with = "events"

    def __init__(self, bed: Bed, redis_number: int, *, name: str = "ours", configuration: str = _CONFIGURATION) -> None:
        self.name = name
        self.deliver_workers = 1
        super().__init__(bed, redis_number)
        config = bed.folder / f"{name}.toml"
        config.write_text(configuration.format(service=bed.messaging_service_sid, account=bed.account_sid))
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

    def accept_for(self, service: str, to: str, priority: str) -> None:
        """Accept one message for a service."""
        tenant = self._runtime.configuration.services[service].tenant
        self._accepting.accept({"to": to, "body": BODY, "service": service, "tenant": tenant, "priority": priority})

    def copy_due(self, service: str, count: int) -> None:
        """Accept one message for a service, make ``count`` of it that are due, and wake nobody."""
        self.accept_for(service, "+14155550100", "bulk")
        self.database.execute(_DUE_COPIES, {"service": service, "count": count})

    def with_sid_of(self, service: str) -> int:
        """Count a service's messages that have a SID."""
        statement = "select count(*) from messages where service = %s and sid is not null"
        ((count,),) = self.database.execute(statement, (service,)).fetchall()
        return int(count)

    def put_off(self) -> None:
        """Let nothing be due before ``let_go``."""
        self.database.execute("update messages set due_at = due_at + interval '1 day' where status = 'pending'")

    def let_go(self) -> None:
        """Let everything be due and wake the workers of every service."""
        self.database.execute("update messages set due_at = now() where status = 'pending'")
        self.wake()

    def wake(self) -> None:
        """Wake the workers of every service."""
        for service in self._runtime.configuration.services:
            self._runtime.bell.ring(ServiceKey(service))

    def seed_sent(self, sids: Sequence[str]) -> list[str]:
        """Accept one message and put copies of it where messages stand once they are sent."""
        self.accept("+14155550100")
        paths = {sid: f"/twilio/status/{message_id}" for sid, message_id in self._copy(sids)}
        return [paths[sid] for sid in sids]

    def workers(self, folder: Path) -> list[ProcessSpec]:
        """Describe deliver, as many as there are to be, events and beat."""
        specs = [spec for spec in self._all(folder) if spec.name != "webhooks"]
        (deliver,) = [spec for spec in specs if spec.name == "deliver"]
        return specs + [_another(deliver, number) for number in range(2, self.deliver_workers + 1)]

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


def _another(deliver: ProcessSpec, number: int) -> ProcessSpec:
    """Describe one more deliver worker: another name, and metrics on another port."""
    name, port = f"deliver-{number}", free_port()
    return replace(
        deliver,
        name=name,
        argv=tuple(part.replace("deliver@", f"{name}@") for part in deliver.argv),
        environment={**(deliver.environment or {}), "MESSAGING_METRICS_PORT": str(port)},
    )
