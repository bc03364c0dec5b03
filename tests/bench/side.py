"""What is measured on either side: how to hand messages over, start the processes, and look at the store."""

import signal
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, LiteralString
from uuid import uuid4

import psycopg
from psycopg import sql
from redis import Redis

from messaging_pipeline.stack.processes import ProcessSpec, RunningProcess, last_lines
from messaging_pipeline.stack.supervisor import Supervisor
from tests.bench.bed import Bed
from tests.bench.cpu import tree_seconds
from tests.bench.waiting import StoodStill

BODY = "Your appointment is tomorrow at 10:30. Reply C to confirm."


@dataclass(frozen=True, slots=True)
class Counts:
    """How many messages of the store have come how far, at least."""

    with_sid: int
    delivered: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one message has come, at least."""

    with_sid: bool
    sent: bool
    delivered: bool


@dataclass(frozen=True, slots=True)
class Running:
    """Processes that are ready."""

    pids: tuple[int, ...]

    def cpu_seconds(self) -> float:
        """Return what they have used since they were started."""
        return tree_seconds(self.pids)


class Side(ABC):
    """One of the two. Both have a table ``messages`` with ``to_number``, ``sid`` and ``status``."""

    name: str
    sends_with: str
    """The worker that takes the sends; started last where sends are measured."""
    follows_with: str
    """The worker that takes the callbacks; started last where callbacks are measured."""

    def __init__(self, bed: Bed, redis_number: int) -> None:
        self.bed = bed
        self.database_url = bed.new_database(self.name)
        self.redis_url = bed.redis_database(redis_number)
        self.database: psycopg.Connection[Any] = psycopg.connect(self.database_url, autocommit=True)

    @abstractmethod
    def accept(self, to: str) -> None:
        """Hand one message over, as an application would."""

    @abstractmethod
    def seed_sent(self, sids: Sequence[str]) -> list[str]:
        """Fill the store with messages that are ``sent``; return the path that each one's callbacks go to."""

    @abstractmethod
    def workers(self, folder: Path) -> list[ProcessSpec]:
        """Describe the workers; each writes to ``NAME.log`` in the folder."""

    @abstractmethod
    def web(self, folder: Path) -> ProcessSpec:
        """Describe the webhook server."""

    @property
    @abstractmethod
    def web_url(self) -> str:
        """Where the webhook server listens, with no path."""

    @contextmanager
    def running_workers(self, last: str) -> Iterator[Running]:
        """Run the workers for the length of a block, which begins when the ``last`` one is ready too.

        A worker is ready, on both sides, when Celery says so in its log. At the end it is killed: its work is done,
        and its store is emptied before the next measurement.
        """
        folder = self._new_folder()
        specs = {spec.name: _measurable(spec, folder) for spec in self.workers(folder)}
        with Supervisor(folder) as supervisor:
            started = supervisor.start(*(spec for name, spec in specs.items() if name != last))
            started += supervisor.start(specs[last])
            with _ends_of_logs_on_standstill(started):
                yield Running(tuple(process.pid for process in started))

    @contextmanager
    def running_web(self) -> Iterator[Running]:
        """Run the webhook server for the length of a block."""
        folder = self._new_folder()
        with Supervisor(folder) as supervisor:
            (process,) = supervisor.start(self.web(folder))
            yield Running((process.pid,))

    def clear(self) -> None:
        """Empty the store and the broker."""
        names = self._rows("select tablename from pg_tables where schemaname = 'public'")
        tables = [sql.Identifier(name) for (name,) in names if name != "schema_migrations"]
        self.database.execute(sql.SQL("truncate {}").format(sql.SQL(", ").join(tables)))
        with Redis.from_url(self.redis_url) as redis:
            redis.flushdb()

    def settle(self) -> None:
        """Give the planner the statistics that a store with a past has."""
        self.database.execute("analyze")

    def counts(self) -> Counts:
        """Count how far the messages have come."""
        (row,) = self._rows("select count(sid), count(*) filter (where status = 'delivered') from messages")
        return Counts(*row)

    def sids(self) -> dict[str, str]:
        """Return the SID of each message by its recipient."""
        return dict(self._rows("select to_number, sid from messages where sid is not null"))

    def progress(self, to: str) -> Progress:
        """Tell how far the message to a number has come."""
        statement = (
            "select sid is not null, status in ('sent', 'delivered'), status = 'delivered'"
            " from messages where to_number = %s"
        )
        (row,) = self.database.execute(statement, (to,)).fetchall()
        return Progress(*row)

    def close(self) -> None:
        """Close every connection."""
        self.database.close()

    def _new_folder(self) -> Path:
        folder = self.bed.folder / f"{self.name}-{uuid4().hex[:8]}"
        folder.mkdir(mode=0o700)
        return folder

    def _rows(self, statement: LiteralString) -> list[tuple[Any, ...]]:
        return self.database.execute(statement).fetchall()


@contextmanager
def _ends_of_logs_on_standstill(processes: Sequence[RunningProcess]) -> Iterator[None]:
    """Show what the workers said last, before their logs go the way of the folder they are in."""
    try:
        yield
    except StoodStill:
        for process in processes:
            sys.stderr.write("\n".join(["", process.name, *last_lines(process.log)]))
        raise


def _measurable(spec: ProcessSpec, folder: Path) -> ProcessSpec:
    spec = replace(spec, stop_signal=signal.SIGKILL)
    if spec.name == "beat":
        return spec
    log = folder / f"{spec.name}.log"
    return replace(spec, ready=lambda: log.exists() and " ready." in log.read_text(errors="replace"))
