"""A Redis to pace with: a fake one whose time is moved by hand, or a real one whose time passes."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from unittest import mock

from fakeredis import FakeRedis, FakeServer
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

#: Noon and a bit of the 23rd of November 2026, in microseconds since 1970.
NOON = 1_795_435_200_123_456


class SteeredTime:
    """The time of a fake Redis: it stands still until somebody waits."""

    def __init__(self) -> None:
        self.microseconds = NOON

    def time(self) -> float:
        return self.microseconds / 1_000_000

    def wait(self, seconds: float) -> None:
        self.microseconds += round(seconds * 1_000_000)


class RealTime:
    def wait(self, seconds: float) -> None:
        threading.Event().wait(seconds)


@dataclass(frozen=True)
class PacedRedis:
    """A Redis, the passing of its time, and a way to get connections of one's own."""

    redis: Redis
    time: SteeredTime | RealTime
    server: FakeServer | str

    def another_client(self, **options) -> Redis:
        if isinstance(self.server, FakeServer):
            return FakeRedis(server=self.server, **options)
        return client_of(self.server, **options)


@contextmanager
def fake_redis() -> Iterator[PacedRedis]:
    """A fake Redis of one's own; ``time.time`` is the only clock it has, for TIME and for expiry."""
    server, steered = FakeServer(), SteeredTime()
    with mock.patch.object(time, "time", steered.time), FakeRedis(server=server) as redis:
        yield PacedRedis(redis, steered, server)


@contextmanager
def real_redis(url: str) -> Iterator[PacedRedis]:
    with client_of(url) as redis:
        yield PacedRedis(redis, RealTime(), url)


def client_of(url: str, **options) -> Redis:
    return Redis.from_url(url, retry=Retry(NoBackoff(), 0), socket_timeout=30, **options)
