"""A corner of a real RabbitMQ for one session: a vhost of its own, or the shared one while nobody else tests there."""

import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit
from uuid import uuid4

import urllib3
from amqp.exceptions import AMQPError, NotFound, ResourceLocked
from kombu import Connection
from kombu.exceptions import OperationalError

from messaging_pipeline.queues import Queue

DEFAULT_URL = "amqp://guest:guest@127.0.0.1:5672"

_MANAGEMENT_PORT = 15672
_COMMAND_SECONDS = 30
_LOCK = "messaging-pipeline-tests"
_WAIT_FOR_OTHERS_SECONDS = 600
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
#: What a Celery worker makes for tasks with a countdown as soon as it sees a quorum queue.
_DELAYED = ("celery_delayed_delivery", *(f"celery_delayed_{level}" for level in range(28)))


class VhostInUseError(Exception):
    """Raised when somebody else's pipeline lives in the vhost that we were told to use."""


def version(url: str) -> str | None:
    """Return the version of the RabbitMQ that answers there and lets us in, or None."""
    try:
        with _connection(url) as connection:
            return str(connection.connection.server_properties["version"])
    except (OperationalError, AMQPError, OSError):
        return None


@contextmanager
def corner_of(url: str) -> Iterator[str]:
    """Have a place in which queues can be made, with nothing in it; what was made there is gone afterwards."""
    with vhost_of_our_own(url) as own:
        if own is not None:
            yield own
            return
    with _alone_in(url):
        yield url


@contextmanager
def vhost_of_our_own(url: str) -> Iterator[str | None]:
    """Have a vhost that is made here and dropped afterwards; None where nobody lets us make one."""
    name = f"messaging-test-{uuid4().hex[:12]}"
    for keeper in _keepers(url):
        if keeper.make(name):
            try:
                yield _in_vhost(url, name)
            finally:
                keeper.drop(name)
            return
    yield None


@dataclass(frozen=True)
class _Keeper:
    """One way to make a vhost and to drop it again."""

    url: str
    add: Callable[[str], bool]
    drop: Callable[[str], object]

    def make(self, name: str) -> bool:
        """Make a vhost; False when we may not, or when it was made on another server than the URL leads to."""
        if not self.add(name):
            return False
        if version(_in_vhost(self.url, name)) is None:
            self.drop(name)
            return False
        return True


def _keepers(url: str) -> list[_Keeper]:
    keepers = [_Keeper(url, lambda name: _add_by_http(url, name), lambda name: _http(url, "DELETE", "vhosts", name))]
    if shutil.which("rabbitmqctl") and urlsplit(url).hostname in _LOOPBACK:
        keepers.insert(
            0, _Keeper(url, lambda name: _add_by_command(url, name), lambda name: _ctl("delete_vhost", name))
        )
    return keepers


def _add_by_command(url: str, name: str) -> bool:
    return _ctl("add_vhost", name) and _ctl("set_permissions", "-p", name, _user(url), ".*", ".*", ".*")


def _ctl(*arguments: str) -> bool:
    try:
        done = subprocess.run(
            ["rabbitmqctl", "--quiet", *arguments], capture_output=True, timeout=_COMMAND_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _add_by_http(url: str, name: str) -> bool:
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    return _http(url, "PUT", "vhosts", name) and _http(url, "PUT", "permissions", name, _user(url), json=everything)


def _http(url: str, method: str, *path: str, json: object = None) -> bool:
    parts = urlsplit(url)
    headers = urllib3.make_headers(basic_auth=f"{_user(url)}:{unquote(parts.password or 'guest')}")
    address = f"http://{parts.hostname}:{_MANAGEMENT_PORT}/api/" + "/".join(quote(part, safe="") for part in path)
    try:
        answer = urllib3.request(method, address, headers=headers, json=json, timeout=5, retries=False)
    except urllib3.exceptions.HTTPError:
        return False
    return answer.status < 300


@contextmanager
def _alone_in(url: str) -> Iterator[None]:
    """Have the vhost to ourselves among test runs; leave it as we found it."""
    with _connection(url) as lock:
        _hold(lock)
        with _connection(url) as connection:
            ours = [queue.value for queue in Queue]
            for name in ours:
                if (found := _look_at(connection, name)) and any(found):
                    raise VhostInUseError(f"the queue {name!r} is in use; give RABBITMQ_URL a vhost for tests alone")
            before = {name for name in (*ours, *_DELAYED) if _look_at(connection, name) is not None}
        try:
            yield
        finally:
            with _connection(url) as connection:
                for name in {*ours, *_DELAYED} - before:
                    connection.default_channel.queue_delete(name)
                    connection.default_channel.exchange_delete(name)
                for name in before & set(ours):
                    connection.default_channel.queue_purge(name)


def _hold(connection: Connection) -> None:
    """Wait for our turn: an exclusive queue belongs to one connection, and goes with it however that ends."""
    gives_up_at = time.monotonic() + _WAIT_FOR_OTHERS_SECONDS
    while True:
        try:
            connection.channel().queue_declare(_LOCK, exclusive=True, auto_delete=True)
        except ResourceLocked:
            if time.monotonic() > gives_up_at:
                raise
            threading.Event().wait(1)
        else:
            return


def _look_at(connection: Connection, name: str) -> tuple[int, int] | None:
    """Count the messages and the consumers of a queue; None when there is no such queue."""
    try:
        with connection.channel() as channel:
            found = channel.queue_declare(name, passive=True)
    except NotFound:
        return None
    return found.message_count, found.consumer_count


def _connection(url: str) -> Connection:
    return Connection(url, connect_timeout=5).ensure_connection(max_retries=1, timeout=5)


def _in_vhost(url: str, name: str) -> str:
    return urlsplit(url)._replace(path=f"/{name}").geturl()


def _user(url: str) -> str:
    return unquote(urlsplit(url).username or "guest")
