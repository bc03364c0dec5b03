"""A host of Postgres that vanished without a farewell (a power cut) is given up in time to find the next."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

import psycopg
import pytest

from messaging_pipeline.db.pool import connect_once, open_pool

LONGEST_SECONDS = 60


@pytest.fixture
def over_tcp(database_url: str) -> Iterator[str]:
    """The database as it is reached over a network: the tests' own server listens on a Unix socket alone."""
    with psycopg.connect(database_url) as asked:
        path, name = f"{asked.info.host}/.s.PGSQL.{asked.info.port}", asked.info.dbname
        user, by_tcp = asked.info.user, not asked.info.host.startswith("/")
    if by_tcp:
        yield database_url
        return
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket(socket.AF_UNIX) as server:
        server.connect(path)
        carrying = threading.Thread(target=_carry, args=(listener, server))
        carrying.start()
        yield f"postgresql://{user}@127.0.0.1:{listener.getsockname()[1]}/{name}"
        server.shutdown(socket.SHUT_RDWR)
        carrying.join()


def _carry(listener: socket.socket, server: socket.socket) -> None:
    client, _ = listener.accept()
    with client:
        back = threading.Thread(target=_copy, args=(server, client))
        back.start()
        _copy(client, server)
        back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(65_536):
            target.sendall(chunk)
        target.shutdown(socket.SHUT_WR)


@contextmanager
def pooled(database_url: str) -> Iterator[psycopg.Connection]:
    with open_pool(database_url, size=1, name="test", checked=False) as pool, pool.connection() as connection:
        yield connection


@contextmanager
def once(database_url: str) -> Iterator[psycopg.Connection]:
    with connect_once(database_url, "test") as connection:
        yield connection


@pytest.mark.parametrize("connected", [pooled, once])
def test_the_kernel_gives_the_connection_up_whether_a_question_or_its_answer_was_lost(
    over_tcp: str, connected: Callable[[str], AbstractContextManager[psycopg.Connection]]
) -> None:
    """Left alone, Linux asks after two hours who is there, and repeats what was sent for 15 minutes."""
    with connected(over_tcp) as connection, socket.socket(fileno=os.dup(connection.fileno())) as line:

        def option(number: int) -> int:
            return line.getsockopt(socket.IPPROTO_TCP, number)

        asked_for = option(socket.TCP_KEEPINTVL) * option(socket.TCP_KEEPCNT)
        assert line.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert option(socket.TCP_KEEPIDLE) + asked_for <= LONGEST_SECONDS
        assert 0 < option(socket.TCP_USER_TIMEOUT) <= LONGEST_SECONDS * 1000
