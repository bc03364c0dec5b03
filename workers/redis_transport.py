"""Kombu's transport for Redis, made to call a connection that is gone by its name."""

from typing import Any

from kombu.transport import redis as kombu_redis
from redis.exceptions import ConnectionError as RedisConnectionError


class LastingChannel(kombu_redis.Channel):
    """A channel that says "the connection is lost" when it is used after the loss, by a late ack or while closing.

    Kombu 5.7 raises ``AttributeError`` there, which Celery takes for a bug: the worker ends whenever Redis goes away
    while a task is under way. A lost connection it makes anew.
    """

    def _connparams(self, asynchronous: bool = False) -> Any:
        if self.connection.client is None:
            raise RedisConnectionError("the connection to the broker was closed")
        return super()._connparams(asynchronous=asynchronous)


class LastingTransport(kombu_redis.Transport):
    """What workers use for ``redis://`` and ``rediss://``."""

    Channel = LastingChannel


def transport_for(broker_url: str) -> str | None:
    """Return the name of the transport for a broker, or None when kombu's own will do."""
    return f"{__name__}:LastingTransport" if broker_url.startswith(("redis://", "rediss://")) else None
