"""The servers of a local stack: the caller's where the environment names them, private ones otherwise."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from messaging_pipeline.db.migrate import migrate
from messaging_pipeline.errors import NotReachable
from messaging_pipeline.publish import Publisher
from messaging_pipeline.stack.child_environment import is_set
from messaging_pipeline.stack.embedded import Postgres, Valkey, start_postgres, start_valkey
from messaging_pipeline.stack.embedded_server import EmbeddedServer
from messaging_pipeline.stack.processes import ProcessFailed
from messaging_pipeline.stack.readiness import redis_answers


@dataclass(frozen=True, slots=True)
class LocalServers:
    """Those that are ours, None where the caller brought one, and in ``made`` the variables that lead to them."""

    postgres: Postgres | None
    valkey: Valkey | None
    made: Mapping[str, str] = field(repr=False)

    @property
    def started(self) -> Sequence[EmbeddedServer]:
        """The servers that are ours."""
        return [server for server in (self.postgres, self.valkey) if server is not None]

    def first_failure(self) -> ProcessFailed | None:
        """Describe a server of ours that has ended by itself, or return None."""
        failures = (server.failure() for server in self.started)
        return next((failure for failure in failures if failure), None)


@contextmanager
def local_servers(given: Mapping[str, str], folder: Path) -> Iterator[LocalServers]:
    """Have Postgres with the present schema, Redis and a broker for the length of a ``with`` block.

    Raises NotReachable for a server of the caller's that does not answer, and as the embedded servers do.
    """
    postgres = valkey = None
    made: dict[str, str] = {}
    with ExitStack() as cleanup:
        if not is_set(given, "DATABASE_URL"):
            postgres = cleanup.enter_context(start_postgres(folder / "postgres"))
            made["DATABASE_URL"] = postgres.dsn
        if not is_set(given, "REDIS_URL"):
            valkey = cleanup.enter_context(start_valkey(folder / "valkey"))
            made["REDIS_URL"] = valkey.url
            if not is_set(given, "CELERY_BROKER_URL"):
                made["CELERY_BROKER_URL"] = valkey.url
        _check({**given, **made})
        migrate({**given, **made}["DATABASE_URL"])
        yield LocalServers(postgres, valkey, made)


def _check(environment: Mapping[str, str]) -> None:
    """Refuse a server that is not there, by name, before anything of ours is started."""
    if not redis_answers(environment["REDIS_URL"]):
        raise NotReachable("Redis", "REDIS_URL")
    if is_set(environment, "CELERY_BROKER_URL"):
        with closing(Publisher(environment["CELERY_BROKER_URL"], pool_limit=1)) as publisher:
            if not publisher.is_reachable():
                raise NotReachable("the broker", "CELERY_BROKER_URL")
