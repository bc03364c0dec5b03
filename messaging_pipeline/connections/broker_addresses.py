"""What an address of Celery's broker looks like: Redis or Valkey, its sentinels, or RabbitMQ."""

from urllib.parse import urlsplit

_REDIS = frozenset({"redis", "rediss", "sentinel"})
_RABBITMQ = frozenset({"amqp", "amqps", "pyamqp"})
_REDIS_SOCKET = "redis+socket"


def is_broker_address(url: str) -> bool:
    """Tell whether Celery can make something of it. Servers that are tried in turn stand between semicolons.

    What it cannot read Celery takes for the name of a host, or breaks over when it first connects.
    """
    return all(_is_address(one) for one in url.split(";"))


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    if parts.scheme == _REDIS_SOCKET:
        return bool(parts.path)
    database = parts.path.strip("/")
    is_redis = parts.scheme in _REDIS and (not database or database.isdecimal())
    return "://" in url and (is_redis or parts.scheme in _RABBITMQ)
