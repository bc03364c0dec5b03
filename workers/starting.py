"""What a worker or beat needs when it starts: without it, it says so in one sentence and ends."""

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import NoReturn

from redis import Redis, RedisError

from messaging_pipeline.errors import InvalidSettings, NotReachable, PipelineError
from messaging_pipeline.publish import Publisher
from messaging_pipeline.settings import Settings
from workers.schema import SchemaMissing

_WRONG, _NOT_REACHABLE = 2, 3


@contextmanager
def stopping_at_a_wrong_start(who: str) -> Iterator[None]:
    """End the process with one sentence; Celery would log the error and go on without a runtime.

    Exit code 2 for what somebody must correct, 3 for what may mend itself: a server that is away, and a database
    without the schema. Whatever supervises the process starts it again after 3.
    """
    try:
        yield
    except InvalidSettings as error:
        _end(who, error, _WRONG)
    except (NotReachable, SchemaMissing) as error:
        _end(who, error, _NOT_REACHABLE)


def _end(who: str, error: PipelineError, code: int) -> NoReturn:
    sys.stderr.write(f"{who}: {error}\n")
    raise SystemExit(code) from None


def refuse_absent_redis(redis: Redis) -> None:
    """Raise NotReachable when Redis does not answer."""
    try:
        redis.ping()
    except RedisError:
        raise NotReachable("Redis", "REDIS_URL") from None


def refuse_absent_broker(settings: Settings) -> None:
    """Raise NotReachable when the broker does not answer, within a few seconds."""
    with closing(Publisher(settings.broker_url, pool_limit=1)) as publisher:
        if not publisher.is_reachable():
            raise NotReachable("the broker", settings.broker_setting)
