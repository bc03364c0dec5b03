"""Redis as a broker that may go away and come back: kombu's transport, with one error put right."""

from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis
from redis.exceptions import ConnectionError as RedisConnectionError


class _Channel(redis.Channel):
    """A channel that says what is the matter when it outlives its connection.

    A task that was at work when the connection was lost acknowledges to the old channel when it ends, and Celery
    hands back what is unfinished through it. kombu 5.7 answers with an AttributeError, which Celery takes for a
    bug: the worker ends. An error of the connection is logged, and the task counts as not acknowledged.
    """

    def _connparams(self, *args: Any, **kwargs: Any) -> Any:
        if self.connection.client is None:
            raise RedisConnectionError("the connection was lost")
        return super()._connparams(*args, **kwargs)


class _SentinelChannel(_Channel, redis.SentinelChannel):
    pass


class Transport(redis.Transport):
    """For ``redis://`` and ``rediss://``."""

    Channel = _Channel


class SentinelTransport(redis.SentinelTransport):
    """For ``sentinel://``."""

    Channel = _SentinelChannel


def use_for_redis() -> None:
    """Let every connection of this process that leads to a Redis use these."""
    TRANSPORT_ALIASES.update(
        redis=f"{__name__}:Transport", rediss=f"{__name__}:Transport", sentinel=f"{__name__}:SentinelTransport"
    )
