"""Whether the clocks agree: this host's, Postgres's, Redis's and Twilio's."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial

import psycopg
from redis.exceptions import RedisError

from messaging_pipeline.db.pool import connect_once
from messaging_pipeline.db.queries import sql
from messaging_pipeline.doctor.finding import Finding, error, ok, skipped, warning
from messaging_pipeline.doctor.patient import Patient
from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.redis_client import open_redis
from messaging_pipeline.settings import required

#: Twilio tells whole seconds, and an answer takes a while: less than this says nothing.
_UNEASY = timedelta(seconds=3)
_WRONG = timedelta(seconds=30)


def check_clocks(patient: Patient) -> Iterator[Finding]:
    """Ask each server for the time between two looks at ours."""
    asked: dict[str, Callable[[], datetime | None]] = {
        "Postgres": partial(_of_postgres, patient),
        "Redis": partial(_of_redis, patient),
        **{f"Twilio ({tenant})": partial(_of_twilio, patient, tenant) for tenant in patient.tenants},
    }
    for name, ask in asked.items():
        before = patient.clock.now()
        theirs = ask()
        ours = before + (patient.clock.now() - before) / 2
        yield skipped(name, "did not tell the time") if theirs is None else judge_skew(name, theirs - ours)


def judge_skew(name: str, ahead: timedelta) -> Finding:
    """Say whether a clock that is so far ahead of ours, or behind it, is near enough."""
    seconds = abs(ahead.total_seconds())
    told = f"its clock is {seconds:.0f} s {'ahead of' if ahead > timedelta() else 'behind'} this host's"
    cure = "run NTP on every host; leases and due times go by the hosts' clocks"
    if abs(ahead) >= _WRONG:
        return error(name, told, cure)
    return warning(name, told, cure) if abs(ahead) >= _UNEASY else ok(name, "its clock agrees with this host's")


def _of_postgres(patient: Patient) -> datetime | None:
    url = required(patient.settings.database_url, "DATABASE_URL")
    try:
        with connect_once(url, "messaging-pipeline-doctor") as connection:
            row = connection.execute(sql("clock_of_the_server")).fetchone()
    except psycopg.Error:
        return None
    return row[0] if row else None


def _of_redis(patient: Patient) -> datetime | None:
    try:
        with open_redis(required(patient.settings.redis_url, "REDIS_URL")) as redis:
            seconds, microseconds = redis.time()
    except RedisError:
        return None
    return datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=microseconds)


def _of_twilio(patient: Patient, tenant: str) -> datetime | None:
    try:
        date = patient.accounts.of(tenant).told_date()
    except InvalidSettings:
        return None  # the check of the settings names it
    try:
        return parsedate_to_datetime(date) if date else None
    except ValueError:
        return None
