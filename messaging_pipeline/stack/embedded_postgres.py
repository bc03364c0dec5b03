"""A private PostgreSQL 18: reached through a Unix socket, kept in one folder, gone when we are.

The programs come from a wheel, the server is our child. Its socket lies in a folder that only its owner may
enter, which is why it asks for no password.
"""

import os
import signal
import socket
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from messaging_pipeline.stack import postgres_cluster, unprivileged
from messaging_pipeline.stack.embedded_server import EmbeddedServer
from messaging_pipeline.stack.folder_lock import FolderInUse, FolderLock
from messaging_pipeline.stack.postgres_cluster import Cluster
from messaging_pipeline.stack.processes import ProcessSpec, RunningProcess
from messaging_pipeline.stack.readiness import postgres_answers

_PORT = 5432  # only a part of the socket's name: nothing listens on TCP
_LONGEST_SOCKET_PATH = 103  # bytes; macOS. Linux has 107
_READY_SECONDS = 120  # recovery after a crash is a part of it
_GRACE_SECONDS = 30
_SETTINGS = {"listen_addresses": "", "max_connections": "200", "unix_socket_permissions": "0700"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Postgres(EmbeddedServer):
    """A running Postgres. ``dsn`` is for ``DATABASE_URL``."""

    dsn: str


def start_postgres(
    data_dir: Path, *, settings: Mapping[str, str] | None = None, wait_seconds: float = 15.0
) -> Postgres:
    """Start a server on ``data_dir``, which is made when missing and keeps the data for the next time.

    ``settings`` are server settings for this run, such as ``{"fsync": "off"}`` for data nobody will miss.
    ``wait_seconds`` is how long to wait for a predecessor that is still shutting down, its parent killed.
    As root the server runs as ``nobody``; where that account cannot reach ``data_dir`` or the programs, both
    lie in a folder of ``/var/tmp`` instead (see ``unprivileged.elsewhere``).

    Raises ``LocalExtraMissing``, ``FolderInUse`` when another process serves the folder, and
    ``ProcessFailed`` with the end of the server's log.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    data_dir = data_dir.resolve()
    with ExitStack() as cleanup:
        lock = cleanup.enter_context(FolderLock(data_dir, wait_seconds=wait_seconds))
        log = data_dir / "postgres.log"
        log.unlink(missing_ok=True)
        cluster = postgres_cluster.place(data_dir)
        postgres_cluster.create(cluster, log)
        _forget_crashed_server(cluster.data)
        sockets = _socket_folder(cluster.data, cleanup)
        spec = _specification(cluster, sockets, lock, settings or {})
        server = RunningProcess(spec, log)
        cleanup.callback(server.stop)
        server.wait_until_ready(_READY_SECONDS)
        return Postgres(dsn=_dsn(sockets), data=cluster.data, process=server, cleanup=cleanup.pop_all())


def _specification(cluster: Cluster, sockets: Path, lock: FolderLock, settings: Mapping[str, str]) -> ProcessSpec:
    options = [f"--{name}={value}" for name, value in {**_SETTINGS, **settings}.items()]
    dsn = _dsn(sockets)
    return ProcessSpec(
        name="postgres",
        argv=(
            *(cluster.program("postgres"), "-D", str(cluster.data)),
            *("-k", str(sockets), "-p", str(_PORT), *options),
        ),
        environment=postgres_cluster.environment(),
        ready=lambda: postgres_answers(dsn),
        stop_signal=signal.SIGINT,  # "fast" shutdown; SIGTERM would wait for every client to leave
        grace_seconds=_GRACE_SECONDS,
        user=unprivileged.account_needed(),
        inherit=(lock.fileno(),),
    )


def _dsn(sockets: Path) -> str:
    return f"postgresql://postgres@/postgres?host={quote(str(sockets), safe='')}&port={_PORT}"


def _socket_folder(data: Path, cleanup: ExitStack) -> Path:
    """Return where the socket goes: beside the data, or in a temporary folder when that path is too long."""
    if len(os.fsencode(_socket(data))) <= _LONGEST_SOCKET_PATH:
        return data
    folder = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="messaging-pipeline-", dir="/tmp")))
    if unprivileged.account_needed() is not None:
        unprivileged.give(folder)
    return folder


def _socket(folder: Path, port: str | int = _PORT) -> Path:
    return folder / f".s.PGSQL.{port}"


def _forget_crashed_server(data: Path) -> None:
    """Remove ``postmaster.pid`` of a server that is gone.

    Postgres does that itself, except when the process id in it has meanwhile been given to another process of
    the same account: then it refuses to start, and in a container with its few processes that is likely. We
    hold the folder's lock, so no server of ours runs here; somebody else's would answer on its socket.
    """
    pid_file = data / "postmaster.pid"
    if not pid_file.exists():
        return
    # Process id, data folder, start time, port, socket folder, ...: src/include/utils/pidfile.h
    pid, _, _, port, folder, *_ = [*pid_file.read_text().splitlines(), "", "", "", "", ""]
    left = _socket(Path(folder or data), port or _PORT)
    if _accepts(left):
        raise FolderInUse(data, f"a Postgres (process {pid}) that was not started from here")
    for leftover in (pid_file, left, Path(f"{left}.lock")):
        leftover.unlink(missing_ok=True)


def _accepts(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(str(path))
        except OSError:
            return False
        return True
