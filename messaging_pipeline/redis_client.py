"""The connection to Redis or Valkey, one server or a cluster, with timeouts, and without repeats behind our back."""

import threading
from functools import partial
from types import TracebackType
from typing import Any, Self, cast

from redis import Redis, RedisCluster
from redis._parsers import Encoder
from redis.backoff import NoBackoff
from redis.commands.core import Script
from redis.connection import parse_url
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import RedisClusterException
from redis.retry import Retry

from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.settings import CLUSTER_SCHEMES

_TIMEOUT_SECONDS = 2.0


def open_redis(url: str) -> Redis:
    """Make a client; it connects when first used. Raises InvalidSettings for a URL that is none.

    A command is never repeated by the client: giving tokens back twice would break the rate, and a flag that
    was set twice looks as if somebody else had set it. (A cluster's node that says where a key has moved to has
    done nothing; only then is the other one asked.)
    """
    try:
        if url.startswith(CLUSTER_SCHEMES):
            return cast("Redis", Cluster(_url_of_a_node(url)))
        return Redis.from_url(url, health_check_interval=15, **_options())
    except ValueError:
        cure = (
            "write redis://localhost:6379/0, or another address with rediss:// or unix://, "
            "or with redis+cluster:// or rediss+cluster:// and without a database number"
        )
        raise InvalidSettings("REDIS_URL", "is not a Redis URL", cure) from None


def _options() -> dict[str, Any]:
    return {
        "socket_timeout": _TIMEOUT_SECONDS,
        "socket_connect_timeout": _TIMEOUT_SECONDS,
        "retry": Retry(NoBackoff(), 0),
    }


def _url_of_a_node(url: str) -> str:
    plain = url.replace("+cluster", "", 1)
    if parse_url(plain).get("db"):  # type: ignore[no-untyped-call]
        raise ValueError("a cluster has one database")
    return plain


class Cluster:
    """A cluster behind the commands of one server's client, of which each of ours has one key.

    Unlike the library's client it asks for the cluster's nodes when it is first used, so that a process may start
    while the cluster is away; and every failure is a ``redis.RedisError``, as callers expect.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._making = threading.Lock()
        self._made: RedisCluster | None = None

    def register_script(self, script: str) -> Script:
        """Return a script that is loaded when it is first run."""
        return Script(cast("RedisCluster", self), script)

    def get_encoder(self) -> Encoder:
        """Tell a script how its text becomes bytes."""
        return Encoder("utf-8", "strict", decode_responses=False)  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """Close the connections to all nodes."""
        if self._made is not None:
            self._made.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __getattr__(self, command: str) -> Any:
        if command.startswith("_"):
            raise AttributeError(command)
        return partial(self._ask, command)

    def _ask(self, command: str, *arguments: Any, **options: Any) -> Any:
        try:
            return getattr(self._client(), command)(*arguments, **options)
        except RedisClusterException as error:
            raise NoConnection("no node of the cluster answers for this key") from error

    def _client(self) -> RedisCluster:
        with self._making:
            if self._made is None:
                self._made = RedisCluster.from_url(self._url, **_options())
            return self._made
