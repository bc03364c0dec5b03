"""Wake-ups for the workers: the broker carries them, Redis keeps the time, and nothing relies on them.

A wake-up says "there may be something to send for this service". What there is stands in Postgres alone, so
one too many costs a look, and one that is lost (a broker wiped, a process killed between two lines of this
module) delays messages until the sweep, every few seconds, wakes each service that has something due.

Keys: ``mp:wake:<service>``, set while a wake-up is queued, for one second at most; ``mp:alarms``, a sorted
set of services by the time of their next alarm; ``mp:disowned:<service>``, set for half a minute when a worker
meets messages of a service that its configuration does not name. No script or command touches two keys, so
Redis Cluster is fine.

The client handed in must not repeat a command by itself, as redis-py does unless told otherwise
(``redis_client.open_redis`` tells it): a flag set twice looks as if somebody else had published.
"""

from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from importlib import resources
from math import ceil
from typing import Any, cast

from redis import Redis, RedisError

from messaging_pipeline.ids import ServiceKey

MAX_WAIT_SECONDS = 0.1
"""The longest that a ringer may sleep: others may set an earlier alarm meanwhile."""

_QUEUED_MILLISECONDS = 1_000
#: Longer than from one sweep, which says it again, to the next.
_DISOWNED_MILLISECONDS = 30_000
_RINGS_AT_ONCE = 100
_AGAIN_SECONDS = 1.0
_ALARMS = "mp:alarms"
_MICROSECONDS = 1_000_000


def _script(name: str) -> str:
    return resources.files("messaging_pipeline.waking").joinpath(name).read_text("utf-8")


class WakeUps:
    """Wakes workers for a service, at once or later, through ``publish``, which queues one deliver task.

    Every method raises ``redis.RedisError`` when Redis does not answer, and what ``publish`` raised as it is.
    """

    def __init__(self, redis: Redis, publish: Callable[[ServiceKey], None]) -> None:
        self._redis = redis
        self._publish = publish
        self._set_alarm = redis.register_script(_script("set_alarm.lua"))
        self._take_due_alarms = redis.register_script(_script("take_due_alarms.lua"))

    def wake(self, service: ServiceKey) -> None:
        """Queue a wake-up unless one is queued already. Call it after the commit, never before.

        A wake-up counts as queued until its task begins, or for a second. So one that the broker lost holds
        back no others for longer than that, and a broker that is slower gets one a second for each service.
        """
        if not self._redis.set(_queued(service), 1, nx=True, px=_QUEUED_MILLISECONDS):
            return
        try:
            self._publish(service)
        except BaseException:
            with suppress(RedisError):  # it expires by itself
                self._redis.delete(_queued(service))
            raise

    def begin(self, service: ServiceKey) -> None:
        """Say that a wake-up has arrived. A deliver task does this first, before it looks for messages.

        Why no message is overlooked: a producer commits its row and then wakes. If the flag is gone by then,
        a new wake-up is queued. If it is still there, some task has yet to begin; that task deletes the flag
        before it looks, hence looks after the commit and sees the row. Were the flag deleted after the look,
        a row could be committed between the two, its wake-up saved as superfluous, and nobody would come.
        """
        self._redis.delete(_queued(service))

    def disown(self, service: ServiceKey) -> None:
        """Say that a worker met a service that it does not know, for whoever asks what messages wait for."""
        self._redis.set(_disowned(service), 1, px=_DISOWNED_MILLISECONDS)

    def is_disowned(self, service: ServiceKey) -> bool:
        """Tell whether a worker of late met a service that it does not know."""
        return bool(self._redis.exists(_disowned(service)))

    def wake_later(self, service: ServiceKey, delay_seconds: float) -> None:
        """Wake the service in ``delay_seconds`` by the Redis server's clock; 0 or less means now.

        A service has one alarm. The earliest one asked for is kept, since whoever is woken too early looks,
        finds nothing and asks again, while one woken too late has wasted tokens. An alarm set less than 0.1 s
        ahead may ring as much as 0.1 s late; a bucket that holds 0.1 s of its rate loses nothing by that.
        """
        self._set_alarm(keys=[_ALARMS], args=[service, ceil(delay_seconds * _MICROSECONDS)])

    def ring(self) -> float:
        """Wake every service whose alarm is due, at most 100; return the seconds until the next, 0.0 to 0.1.

        Any number of processes may ring; each alarm goes to one of them. When waking fails, the alarms not
        yet served are set again for a second later and the error is raised.
        """
        answer = cast("list[Any]", self._take_due_alarms(keys=[_ALARMS], args=[_RINGS_AT_ONCE]))
        wait_microseconds: int = answer[0]
        self._wake_all(_service(member) for member in answer[1:])
        if wait_microseconds < 0:
            return MAX_WAIT_SECONDS
        return min(wait_microseconds / _MICROSECONDS, MAX_WAIT_SECONDS)

    def _wake_all(self, services: Iterable[ServiceKey]) -> None:
        waiting = deque(services)
        try:
            while waiting:
                self.wake(waiting[0])
                waiting.popleft()
        except BaseException:
            with suppress(RedisError):  # the sweep will find them
                for service in waiting:
                    self.wake_later(service, _AGAIN_SECONDS)
            raise


def _queued(service: ServiceKey) -> str:
    return f"mp:wake:{service}"


def _disowned(service: ServiceKey) -> str:
    return f"mp:disowned:{service}"


def _service(member: bytes | str) -> ServiceKey:
    """Read a service as the client hands it out, decoded or not."""
    return ServiceKey(member.decode() if isinstance(member, bytes) else member)
