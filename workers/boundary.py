"""The only broad ``except`` of the workers: decides whether a task is given back, or has failed for good."""

import functools
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

import psycopg
from celery import current_task
from celery.exceptions import Reject
from redis.exceptions import RedisError
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from messaging_pipeline.db.pool import UNREACHABLE
from messaging_pipeline.errors import NotReachable
from messaging_pipeline.log import about
from messaging_pipeline.metrics import record_task_failure, record_task_postponed
from messaging_pipeline.traces.spans import coming_with

_log = logging.getLogger(__name__)

#: What passes by itself: a server that is restarting, a network that is down; or when somebody gives a GRANT back.
_PASSING = (*UNREACHABLE, psycopg.errors.InsufficientPrivilege, RedisError, NotReachable)

#: How long a task keeps trying in its slot before the broker gets it back. While a server is away the slot has
#: nothing better to do, and the pause keeps a broker full of tasks from spinning.
_PATIENCE_SECONDS = 10.0


def bounded(task: Callable[..., None]) -> Callable[..., None]:
    """Run a task: again while a server is away, then back to the broker; a bug is logged, counted and raised."""

    @functools.wraps(task)
    def run(*args: Any, **kwargs: Any) -> None:
        with about(task=task.__name__, task_id=_task_id(), message_id=_message_id(kwargs)), coming_with(_traceparent()):
            _run(args, kwargs)

    def _run(args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        try:
            for trial in Retrying(
                retry=retry_if_exception_type(_PASSING),
                wait=wait_random_exponential(multiplier=0.2, max=3.0),
                stop=stop_after_delay(_PATIENCE_SECONDS),
                reraise=True,
            ):
                with trial:
                    task(*args, **kwargs)
        except _PASSING as error:
            record_task_postponed(task.__name__)
            _log.warning("%s: given back to the broker (%s)", task.__name__, type(error).__name__)
            raise Reject(type(error).__name__, requeue=True) from None
        except Exception as error:  # noqa: BLE001 - this is the boundary
            record_task_failure(task.__name__)
            _log.exception("%s failed", task.__name__)
            # What the broker or Celery may keep of a failure must not hold what was in the message.
            raise TaskFailed(type(error).__name__) from None

    return run


def _traceparent() -> str | None:
    """What a producer that is traced itself has put into its task's headers (W3C trace context)."""
    request = current_task.request if current_task else None
    if request is None:
        return None
    told = request.get("traceparent") or (request.headers or {}).get("traceparent")
    return told if isinstance(told, str) else None


def _message_id(arguments: Mapping[str, Any]) -> UUID | None:
    """The id that a task names, if it is one: whatever else a producer has written there is not for the logs."""
    try:
        return UUID(str(arguments.get("message_id")))
    except ValueError:
        return None


def _task_id() -> str | None:
    return current_task.request.id if current_task else None


class TaskFailed(Exception):
    """Raised in place of an unexpected error; its text is the error's type and nothing more."""
