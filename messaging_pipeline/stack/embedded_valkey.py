"""A private Valkey: on loopback, with a password of its own, kept in one folder, gone when we are."""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from messaging_pipeline.stack import wheels
from messaging_pipeline.stack.embedded_server import EmbeddedServer
from messaging_pipeline.stack.folder_lock import FolderLock
from messaging_pipeline.stack.ports import LOOPBACK, free_port, is_free
from messaging_pipeline.stack.processes import ProcessFailed, ProcessSpec, RunningProcess
from messaging_pipeline.stack.readiness import redis_answers

_READY_SECONDS = 60  # reading a long append-only file is a part of it
_PORT_ATTEMPTS = 5
_CONFIGURATION = "valkey.conf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Valkey(EmbeddedServer):
    """A running Valkey. ``url`` is for ``REDIS_URL`` and holds the password."""

    url: str = field(repr=False)


def start_valkey(data_dir: Path, *, settings: Mapping[str, str] | None = None, wait_seconds: float = 15.0) -> Valkey:
    """Start a server on ``data_dir``, which is made when missing and keeps the data for the next time.

    Every write goes to an append-only file that is synced each second. The password keeps out other accounts of the
    machine, and an answer to it proves that the server on the port is ours. Port and password are those of the last
    time; where somebody else listens on that port by now, both are new, for they have been told the password.
    ``settings`` are further lines of its configuration. ``wait_seconds`` is how long to wait for a predecessor
    that is still shutting down, its parent killed.

    Raises ``LocalExtraMissing``, ``FolderInUse`` when another process serves the folder, and
    ``ProcessFailed`` with the end of the server's log.
    """
    program = wheels.valkey_program()
    data_dir.mkdir(parents=True, exist_ok=True)
    data_dir.chmod(0o700)
    data_dir = data_dir.resolve()
    with ExitStack() as cleanup:
        lock = cleanup.enter_context(FolderLock(data_dir, wait_seconds=wait_seconds))
        url, server = _start_on_some_port(program, data_dir, lock, settings or {})
        cleanup.callback(server.stop)
        return Valkey(url=url, data=data_dir, process=server, cleanup=cleanup.pop_all())


def _start_on_some_port(
    program: Path, data_dir: Path, lock: FolderLock, settings: Mapping[str, str]
) -> tuple[str, RunningProcess]:
    """Start where it was the last time, and elsewhere when somebody else is there, or was faster."""
    addresses = _addresses(data_dir)
    for address in islice(addresses, _PORT_ATTEMPTS - 1):
        try:
            return _start(program, data_dir, lock, address, settings)
        except ProcessFailed as failed:
            if not any("Failed listening on port" in line for line in failed.last_lines):
                raise
    return _start(program, data_dir, lock, next(addresses), settings)


@dataclass(frozen=True, slots=True)
class _Address:
    port: int
    password: str = field(repr=False)

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/0"


def _addresses(data_dir: Path) -> Iterator[_Address]:
    last = _last_address(data_dir / _CONFIGURATION)
    if last is not None and is_free(last.port):
        yield last
    while True:
        yield _Address(free_port(), secrets.token_urlsafe(24))


def _last_address(configuration: Path) -> _Address | None:
    """Read the address from the configuration of the last time; None when there was none, or it is not whole."""
    if not configuration.exists():
        return None
    told = dict(line.split(" ", 1) for line in configuration.read_text().splitlines() if " " in line)
    port, password = told.get("port", ""), told.get("requirepass", "")
    return _Address(int(port), password) if port.isdecimal() and password else None


def _start(
    program: Path, data_dir: Path, lock: FolderLock, address: _Address, settings: Mapping[str, str]
) -> tuple[str, RunningProcess]:
    url = address.url
    spec = ProcessSpec(
        name="valkey",
        argv=(str(program), str(_write_configuration(data_dir, address, settings))),
        ready=lambda: redis_answers(url),
        inherit=(lock.fileno(),),
    )
    log = data_dir / "valkey.log"
    log.unlink(missing_ok=True)
    server = RunningProcess(spec, log)
    try:
        server.wait_until_ready(_READY_SECONDS)
    except BaseException:
        server.stop()
        raise
    return url, server


def _write_configuration(data_dir: Path, address: _Address, settings: Mapping[str, str]) -> Path:
    """Write the server's configuration, in a file because a command line is there for all to read."""
    folder = str(data_dir).replace("\\", "\\\\").replace('"', '\\"')
    lines = (
        f"port {address.port}",
        f"bind {LOOPBACK}",
        f"requirepass {address.password}",
        f'dir "{folder}"',
        "appendonly yes",
        "appendfsync everysec",
        'save ""',
        "maxmemory-policy noeviction",
        "daemonize no",
        *(f"{name} {value}" for name, value in settings.items()),
    )
    path = data_dir / _CONFIGURATION
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text("\n".join(lines) + "\n")
    return path
