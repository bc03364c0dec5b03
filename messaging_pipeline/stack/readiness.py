"""Ways to find out whether a server does its work yet; each asks once and answers within seconds."""

import json
from dataclasses import dataclass, fields
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import psycopg
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from messaging_pipeline.stack.ports import LOOPBACK

_TIMEOUT_SECONDS = 2.0
_HTTP_OK = 200


def http_answers(port: int, path: str) -> bool:
    """Tell whether a GET on a loopback port is answered with 200."""
    connection = HTTPConnection(LOOPBACK, port, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == _HTTP_OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def postgres_answers(dsn: str) -> bool:
    """Tell whether this Postgres lets us in."""
    try:
        with psycopg.connect(dsn, connect_timeout=2):
            return True
    except psycopg.OperationalError:
        return False


def redis_answers(url: str) -> bool:
    """Tell whether this Redis or Valkey lets us in and has its data loaded."""
    once = Retry(NoBackoff(), 0)
    seconds = _TIMEOUT_SECONDS
    try:
        with redis.Redis.from_url(url, socket_timeout=seconds, socket_connect_timeout=seconds, retry=once) as client:
            return bool(client.ping())
    except (redis.RedisError, ValueError):  # the latter for what is no URL of a Redis at all
        return False


@dataclass(frozen=True, slots=True)
class SimulatorAddress:
    """Where a simulator listens, the seed of what it does by chance, and what verifies its SendGrid's events."""

    url: str
    smtp_port: int
    seed: int
    sendgrid_public_key: str


def simulator_address(log: Path) -> SimulatorAddress | None:
    """Return what the simulator says in its first line of JSON, or None while it has said nothing."""
    if not log.exists():
        return None
    for line in log.read_text(errors="replace").splitlines(keepends=True):
        if line.startswith("{") and line.endswith("\n"):
            said = json.loads(line)
            if "url" in said:
                return SimulatorAddress(**{field.name: said[field.name] for field in fields(SimulatorAddress)})
    return None
