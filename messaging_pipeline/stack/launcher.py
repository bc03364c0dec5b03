"""Become another program that does not outlive the process that asked for it; run as a script.

Between ``fork`` and ``exec`` a threaded Python program may not safely run Python code (``preexec_fn``), so
this small program stands there instead. It imports the standard library only, to be quick.

On Linux the kernel sends the given signal when the parent is gone, however it went (``prctl(2)``,
``PR_SET_PDEATHSIG``). "Parent" means the *thread* that started us: start children from a thread that lives as
long as they should. Other systems have no such call: there, a parent that is killed outright leaves its
children behind.
"""

import argparse
import ctypes
import os
import pwd
import signal
import sys

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def _become(user: str) -> None:
    """Give up root for ``user``, for good; the working directory may be closed to them, so leave it too."""
    account = pwd.getpwnam(user)
    os.chdir("/")
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)


def _die_with(parent: int, death_signal: int) -> None:
    """Ask for ``death_signal`` when ``parent`` ends. Must follow a change of user, which clears the wish."""
    if not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:  # it ended before we could ask
        sys.exit(1)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Run COMMAND so that it ends when its parent does.")
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--death-signal", type=int, required=True)
    parser.add_argument("--user", help="run as this account (needs root)")
    parser.add_argument("command", nargs="+")
    return parser.parse_args()


def main() -> None:
    """Prepare this process as the options say and turn it into the command."""
    options = _arguments()
    if options.user is not None:
        _become(options.user)
    _die_with(options.parent, options.death_signal)
    # Python ignores these two at its start, and what is ignored stays ignored across exec.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    os.execvp(options.command[0], options.command)  # noqa: S606 - no shell is the point


if __name__ == "__main__":
    main()
