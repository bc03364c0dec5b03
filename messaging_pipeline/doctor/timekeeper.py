"""Redis or Valkey: reachable, new enough, and set up so that it forgets nothing behind our back."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from redis.exceptions import RedisError

from messaging_pipeline.doctor.finding import Finding, error, ok, unreachable, warning
from messaging_pipeline.doctor.patient import Patient
from messaging_pipeline.redis_client import open_redis
from messaging_pipeline.settings import Settings, required

_OLDEST_VERSION = (6, 2)
_REDIS_SCHEMES = ("redis://", "rediss://", "unix://", "redis+socket://")


@dataclass(frozen=True, slots=True)
class Keeping:
    """What a server says of itself that matters to us. ``version`` is Redis's, which Valkey tells too."""

    name: str
    version: tuple[int, ...]
    eviction: str
    is_append_only: bool
    is_primary: bool


def check_redis(patient: Patient) -> Iterator[Finding]:
    """Ask every Redis that is named: the one for the rate, and the one that is the broker, if it is another."""
    for setting, url in _servers(patient.settings).items():
        try:
            with open_redis(url) as redis:
                told: Mapping[str, Any] = redis.info()
        except RedisError:
            yield unreachable(setting, "Redis does not answer", f"check {setting} and that the server is running")
            continue
        yield from judge_redis(setting, _read(told), is_broker=_is_broker(patient.settings, url))


def _servers(settings: Settings) -> dict[str, str]:
    servers = {"REDIS_URL": required(settings.redis_url, "REDIS_URL")}
    broker = settings.broker_url
    if broker.startswith(_REDIS_SCHEMES) and broker not in servers.values():
        servers["CELERY_BROKER_URL"] = broker
    return servers


def _is_broker(settings: Settings, url: str) -> bool:
    return settings.broker_url == url


def _read(told: Mapping[str, Any]) -> Keeping:
    number = str(told.get("redis_version", "0"))
    valkey = told.get("valkey_version")
    return Keeping(
        name=f"Valkey {valkey}" if valkey else f"Redis {number}",
        version=tuple(int(part) for part in number.split(".") if part.isdigit()),
        eviction=str(told.get("maxmemory_policy", "noeviction")),
        is_append_only=bool(told.get("aof_enabled")),
        is_primary=told.get("role", "master") == "master",
    )


def judge_redis(setting: str, keeping: Keeping, *, is_broker: bool) -> Iterator[Finding]:
    """Say what in a server's settings breaks the rate, or loses tasks when it is the broker too."""
    if keeping.version[:2] < _OLDEST_VERSION:
        yield error(setting, f"{keeping.name} is too old", "use Redis 6.2 or newer, or Valkey")
    else:
        yield ok(setting, keeping.name)
    if not keeping.is_primary:
        yield error(setting, "is a replica, where nothing can be written", "give the primary's address")
    if keeping.eviction != "noeviction":
        told = f"maxmemory-policy is {keeping.eviction}: a full server throws away buckets and queued tasks"
        yield error(setting, told, "set maxmemory-policy noeviction")
    if is_broker and not keeping.is_append_only:
        told = "is the broker, and appendonly is off: a restart loses sends that nobody has accepted yet"
        yield warning(setting, told, "set appendonly yes, or use RabbitMQ as the broker")
