"""What beat starts is written down when it has ended, so that any process can tell what has not run for long."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from psycopg.types.json import Jsonb

from messaging_pipeline.clock import Clock
from messaging_pipeline.db.pool import Pool
from messaging_pipeline.db.queries import sql

AUDIT = "audit"


@dataclass(frozen=True, slots=True)
class Duty:
    """A duty that was done: when it ended, and what it has found, by kind."""

    name: str
    finished_at: datetime
    findings: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Duties:
    """The ledger of duties: one row each, for the last time."""

    pool: Pool
    clock: Clock

    def do(self, name: str, duty: Callable[[], object]) -> None:
        """Do a duty and note that it is done, and its counts by kind if it returns any.

        One that fails is not noted, and its error is raised.
        """
        done = duty()
        findings = done if isinstance(done, Mapping) else {}
        values = {"name": name, "now": self.clock.now(), "findings": Jsonb(dict(findings))}
        with self.pool.connection() as connection:
            connection.execute(sql("note_duty"), values)

    def last(self) -> list[Duty]:
        """Return the last time of each duty that was ever done."""
        with self.pool.connection() as connection:
            rows = connection.execute(sql("last_duties")).fetchall()
        return [Duty(*row) for row in rows]
