"""The connection to Redis or Valkey, with timeouts, and without repeats behind our back."""

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from messaging_pipeline.errors import InvalidSettings

_TIMEOUT_SECONDS = 2.0


def open_redis(url: str) -> Redis:
    """Make a client; it connects when first used. Raises InvalidSettings for a URL that is none.

    A command is never repeated by the client: giving tokens back twice would break the rate, and a flag that
    was set twice looks as if somebody else had set it.
    """
    try:
        return Redis.from_url(
            url,
            socket_timeout=_TIMEOUT_SECONDS,
            socket_connect_timeout=_TIMEOUT_SECONDS,
            health_check_interval=15,
            retry=Retry(NoBackoff(), 0),
        )
    except ValueError:
        raise InvalidSettings("REDIS_URL", "is not a Redis URL", "give redis://, rediss:// or unix://") from None
