"""What a run as root takes, since Postgres refuses to serve root: an account, and places that it can reach.

Nothing of the machine is changed for it: no account is made, and no folder of yours is opened to others.
"""

import os
import pwd
import shutil
import stat
import tempfile
from pathlib import Path

ACCOUNT = "nobody"
"""The account that Postgres runs as when we are root; every Unix has it."""

_TRAVERSABLE = 0o711
_ELSEWHERE = "elsewhere"


def account_needed() -> str | None:
    """Return the account to run Postgres as, or None when we are not root and may do it ourselves."""
    return ACCOUNT if os.geteuid() == 0 else None


def give(folder: Path) -> None:
    """Hand ``folder`` to ``ACCOUNT``."""
    account = pwd.getpwnam(ACCOUNT)
    os.chown(folder, account.pw_uid, account.pw_gid)


def reachable(path: Path) -> bool:
    """Tell whether any account may pass through all folders above ``path``."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in path.resolve().parents)


def is_elsewhere(folder: Path) -> bool:
    """Tell whether ``elsewhere`` was asked before; what is there must not be forgotten."""
    return (folder / _ELSEWHERE).is_dir()


def elsewhere(folder: Path) -> Path:
    """Return a folder outside ``folder`` that any account can reach: the same one each time.

    For a project below a closed folder such as ``/root``. It lies in ``/var/tmp``, which outlives a restart
    of the machine; the link ``elsewhere`` in ``folder`` leads to it.
    """
    link = folder / _ELSEWHERE
    if is_elsewhere(folder):
        return link.resolve()
    link.unlink(missing_ok=True)
    roomy = Path("/var/tmp")  # noqa: S108 - mkdtemp makes the name there unguessable
    made = Path(tempfile.mkdtemp(prefix="messaging-pipeline-", dir=roomy if roomy.is_dir() else None))
    made.chmod(_TRAVERSABLE)
    link.symlink_to(made)
    return made


def copy_tree(source: Path, target: Path) -> None:
    """Copy ``source`` to ``target`` so that every account can read and run it, unless it is there already."""
    if target.exists():
        return
    unfinished = target.with_name(f"{target.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.copytree(source, unfinished, symlinks=True)
    for path in (unfinished, *unfinished.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o055 if mode & stat.S_IXUSR else 0o044))
    unfinished.rename(target)
