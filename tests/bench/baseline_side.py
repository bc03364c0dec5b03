"""The baseline: one prefork worker for sends and callbacks, and its Flask application under the same server as ours."""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from celery import Celery

from messaging_pipeline.stack.ports import LOOPBACK, free_port
from messaging_pipeline.stack.processes import ProcessSpec
from messaging_pipeline.stack.readiness import http_answers
from tests.bench.baseline import store
from tests.bench.bed import Bed
from tests.bench.side import BODY, Side

_COPIES = """
insert into messages (to_number, body, status, sid)
select '+14155550100', %(body)s, 'sent', sid from unnest(%(sids)s::text[]) as copy (sid)
"""


class BaselineSide(Side):
    """The usual way. ``pool`` is the number of the pool's processes."""

    name = "baseline"
    sends_with = "worker"
    follows_with = "worker"

    def __init__(self, bed: Bed, redis_number: int, pool: int) -> None:
        super().__init__(bed, redis_number)
        self.pool = pool
        self._port = free_port()
        self._environment = {
            **bed.environment(),
            "DATABASE_URL": self.database_url,
            "CELERY_BROKER_URL": self.redis_url,
            "TWILIO_STATUS_CALLBACK_URL": f"{self.web_url}/status",
            "PYTHONUNBUFFERED": "1",
        }
        self.database.execute(store.SCHEMA)
        self._celery = Celery("bench", broker=self.redis_url, set_as_current=False)

    @property
    def web_url(self) -> str:
        """Where the Flask application listens."""
        return f"http://{LOOPBACK}:{self._port}"

    def accept(self, to: str) -> None:
        """Insert a row and start its task."""
        message_id = store.insert(self.database, to, BODY)
        self._celery.send_task("send_message", args=(message_id,))

    def seed_sent(self, sids: Sequence[str]) -> list[str]:
        """Insert messages that are sent."""
        self.database.execute(_COPIES, {"sids": list(sids), "body": BODY})
        return ["/status"] * len(sids)

    def workers(self, folder: Path) -> list[ProcessSpec]:
        """Describe the worker."""
        line = ("celery", "-A", "tests.bench.baseline.tasks", "worker", "--loglevel", "INFO")
        return [
            ProcessSpec(
                name="worker",
                argv=(sys.executable, "-m", *line, "-c", str(self.pool)),
                environment=self._environment,
            )
        ]

    def web(self, folder: Path) -> ProcessSpec:
        """Describe the webhook server: Granian with the options that our own webhooks use."""
        options = ("--interface", "wsgi", "--workers", "1", "--blocking-threads", "16", "--no-ws")
        where = ("--host", LOOPBACK, "--port", str(self._port))
        return ProcessSpec(
            name="webhooks",
            argv=(sys.executable, "-m", "granian", *options, *where, "tests.bench.baseline.web:app"),
            environment=self._environment,
            ready=partial(http_answers, self._port, "/healthz"),
        )

    def close(self) -> None:
        """Close every connection."""
        self._celery.close()
        super().close()
