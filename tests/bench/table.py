"""What a claim and a group of reports cost with few and with millions of messages in the store, in turn."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from statistics import median
from typing import Any

import psycopg
from cryptography.fernet import Fernet

from messaging_pipeline.db.migrate import migrate
from messaging_pipeline.deliver.claims import Wanted, claim_due
from messaging_pipeline.follow.apply_evidence import Evidence
from messaging_pipeline.ids import ServiceKey
from messaging_pipeline.runtime import Runtime, build_runtime
from messaging_pipeline.sealing import Sealer
from messaging_pipeline.settings import Settings
from tests.bench.bed import Bed
from tests.bench.cpu import thread_seconds
from tests.bench.figures import Figures
from tests.bench.measures import Finding
from tests.bench.options import Options
from tests.bench.seeding import Past, seed

_GROUP = 20
_WARM_UP = 5
_REDIS_NUMBER = 5
_SENT = "select id, sid from messages where status = 'sent' order by md5(id::text) limit %s"


@dataclass(slots=True)
class _Costs:
    """Seconds of each turn, and the CPU seconds that Postgres used for all of them."""

    seconds: list[float] = field(default_factory=list)
    cpu_seconds: float = 0.0

    def of(self, work: Callable[[], int], backend: int) -> int:
        """Do the work, take down what it cost, and return how many messages it was about."""
        cpu, began = thread_seconds(backend), time.perf_counter()
        number = work()
        self.seconds.append(time.perf_counter() - began)
        self.cpu_seconds += thread_seconds(backend) - cpu
        return number


@dataclass(slots=True)
class _Store:
    """A store of some size, with what is due and what is sent in it; one connection serves it."""

    runtime: Runtime
    sent: list[tuple[Any, str]]
    claims: _Costs = field(default_factory=_Costs)
    reports: _Costs = field(default_factory=_Costs)
    problems: list[str] = field(default_factory=list)

    def turn(self) -> None:
        """Claim a batch and apply a group."""
        for costs, work in ((self.claims, self._claim), (self.reports, self._apply)):
            if (number := costs.of(work, self._backend())) != _GROUP:
                self.problems.append(f"table: {number} messages in place of {_GROUP}")

    def _claim(self) -> int:
        now = self.runtime.clock.now()
        wanted = Wanted(ServiceKey("default"), _GROUP)
        return len(claim_due(self.runtime.pool, wanted, now=now, lease_until=now + timedelta(hours=1)))

    def _apply(self) -> int:
        group, self.sent = self.sent[:_GROUP], self.sent[_GROUP:]
        now = self.runtime.clock.now()
        reports = [Evidence(message_id, "default", sid, "delivered", None, now, attempt=1) for message_id, sid in group]
        return len(self.runtime.following.apply(reports).moved)

    def _backend(self) -> int:
        """Return the process of the store's one connection; the pool closes one that has rested."""
        with self.runtime.pool.connection() as connection:
            return connection.info.backend_pid

    def figures(self) -> Figures:
        """Return medians of the clock and means of the CPU, in milliseconds."""
        of = {"claim": self.claims, "apply": self.reports}
        clock = {f"{name}_ms": median(costs.seconds) * 1000 for name, costs in of.items()}
        return clock | {f"{name}_cpu_ms": costs.cpu_seconds / len(costs.seconds) * 1000 for name, costs in of.items()}


def measure(bed: Bed, options: Options) -> Iterator[tuple[str, Finding]]:
    """Return a finding for each size. The stores take turns, so that a disturbance meets all of them."""
    turns = max(_WARM_UP, options.probes)
    with ExitStack() as closing:
        stores = {rows: _made(bed, rows, turns + _WARM_UP, closing) for rows in options.table_rows}
        _take_turns(list(stores.values()), _WARM_UP)
        for store in stores.values():
            store.claims, store.reports = _Costs(), _Costs()
        _take_turns(list(stores.values()), turns)
    for rows, store in stores.items():
        yield short(rows), Finding(store.figures(), tuple(store.problems))


def short(rows: int) -> str:
    """Write a number of rows as people say it."""
    for unit, name in ((1_000_000, "M"), (1_000, "k")):
        if rows >= unit and rows % unit == 0:
            return f"{rows // unit}{name}"
    return str(rows)


def _take_turns(stores: Sequence[_Store], turns: int) -> None:
    for _ in range(turns):
        for store in stores:
            store.turn()


def _made(bed: Bed, rows: int, turns: int, closing: ExitStack) -> _Store:
    url, key = bed.new_database(f"table_{rows}"), Fernet.generate_key().decode()
    migrate(url)
    needed = min(turns * _GROUP, rows // 3)
    with psycopg.connect(url, autocommit=True) as database:
        seed(database, Sealer([key]), Past(rows, due=needed, sent=needed))
        sent = database.execute(_SENT, (needed,)).fetchall()
    environment = {
        **bed.environment(),
        "DATABASE_URL": url,
        "REDIS_URL": bed.redis_database(_REDIS_NUMBER),
        "MESSAGING_ENCRYPTION_KEYS": key,
    }
    runtime = build_runtime(Settings.from_environment(environment), name=f"table {rows}", connections=1, checked=False)
    closing.callback(runtime.close)
    return _Store(runtime, sent)
