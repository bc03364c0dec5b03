"""Reads the gauges: backlog, doubt, gates, how services stand, what beat has done; and the buckets, from Redis."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline.clock import Clock
from messaging_pipeline.configuration import Configuration
from messaging_pipeline.db.pool import Pool
from messaging_pipeline.db.queries import sql
from messaging_pipeline.gauges.duties import AUDIT, Duties, Duty
from messaging_pipeline.history.months import read_calendar
from messaging_pipeline.ids import ServiceKey
from messaging_pipeline.metrics import state
from messaging_pipeline.metrics.catalogue import Metric
from messaging_pipeline.metrics.state import Values
from messaging_pipeline.pacing.token_bucket import Buckets
from messaging_pipeline.services.board import ServiceBoard, ServiceStanding

_Series = dict[tuple[str, ...], float]


@dataclass(frozen=True, slots=True)
class Gauges:
    """Knows where each gauge is read; every method asks anew."""

    pool: Pool
    clock: Clock
    configuration: Configuration
    board: ServiceBoard
    buckets: Buckets
    duties: Duties

    def of_database(self) -> Values:
        """Read what Postgres knows; raises psycopg's errors while it is away."""
        now = self.clock.now()
        with self.pool.connection() as connection:
            counted = {
                **_backlog(connection, self.configuration.services, now),
                **_doubt(connection, self.configuration, now),
                **_notices(connection, now),
                **_calendar(connection, now),
                state.GATE_WAITING: _counts(connection.execute(sql("count_at_gates")).fetchall()),
            }
        return {**counted, **_standings(self._all_standings()), **_duties(self.duties.last())}

    def of_redis(self) -> Values:
        """Read the level of each bucket; raises redis.RedisError while Redis is away."""
        return {
            state.BUCKET_LEVEL: {
                (service,): self.buckets.bucket(service, standing.segments_per_second, standing.burst).level()
                for service, standing in self._all_standings().items()
            }
        }

    def _all_standings(self) -> dict[str, ServiceStanding]:
        return {service: self.board.standing(ServiceKey(service)) for service in self.configuration.services}


def _counts(rows: Sequence[TupleRow]) -> _Series:
    """The last column counts what the others name."""
    return {tuple(labels): float(count) for *labels, count in rows}


def _backlog(connection: Connection[TupleRow], services: Mapping[str, object], now: datetime) -> dict[Metric, _Series]:
    """A service that the file names no more is shown as long as there are messages of it."""
    rows = connection.execute(sql("count_backlog"), {"now": now, "services": list(services)}).fetchall()
    backlog: _Series = {}
    for service, due, later, following, _ in rows:
        backlog |= {(service, "due"): due, (service, "later"): later, (service, "following"): following}
    return {state.BACKLOG: backlog, state.OLDEST_DUE: {(row[0],): _age_seconds(row[4], now) for row in rows}}


def _age_seconds(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0


def _doubt(connection: Connection[TupleRow], configuration: Configuration, now: datetime) -> dict[Metric, _Series]:
    services = configuration.services
    values = {
        "services": list(services),
        "patiences": [service.unconfirmed_after_seconds for service in services.values()],
        "now": now,
    }
    rows = connection.execute(sql("count_doubts"), values).fetchall()
    return {
        state.UNCONFIRMED: {(service,): float(all_of_them) for service, all_of_them, _ in rows},
        state.UNCONFIRMED_OVERDUE: {(service,): float(overdue) for service, _, overdue in rows},
    }


def _notices(connection: Connection[TupleRow], now: datetime) -> dict[Metric, _Series]:
    rows = connection.execute(sql("count_notices")).fetchall()
    return {
        state.NOTICES_OPEN: {(policy, where): float(count) for policy, where, count, _ in rows},
        state.NOTICES_OLDEST: {(policy, where): _age_seconds(since, now) for policy, where, _, since in rows},
    }


def _calendar(connection: Connection[TupleRow], now: datetime) -> dict[Metric, _Series]:
    calendar = read_calendar(connection)
    return {
        state.HISTORY_MONTHS_AHEAD: {(): float(calendar.ahead(now))},
        state.HISTORY_STRAY_LINES: {(): float(calendar.stray_lines())},
    }


def _standings(standings: Mapping[str, ServiceStanding]) -> dict[Metric, _Series]:
    return {
        state.SERVICE_SENDING: {(name,): float(one.sending) for name, one in standings.items()},
        state.SERVICES_HELD: {(name,): float(one.state == "held") for name, one in standings.items()},
        state.EFFECTIVE_RATE: {(name,): one.segments_per_second for name, one in standings.items()},
        state.CONFIGURED_RATE: {(name,): one.configured_segments_per_second for name, one in standings.items()},
    }


def _duties(done: Sequence[Duty]) -> dict[Metric, _Series]:
    violations: _Series = {
        (rule,): float(count) for duty in done if duty.name == AUDIT for rule, count in duty.findings.items()
    }
    return {
        state.DUTY_FINISHED_AT: {(duty.name,): duty.finished_at.timestamp() for duty in done},
        state.AUDIT_VIOLATIONS: violations,
    }
