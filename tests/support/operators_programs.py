"""Programs of the operator's that some tests ask: promtool, nginx, systemd-analyze, kubectl."""

import os
import shutil
from pathlib import Path

import pytest

from tests.support.product_source import PROJECT

_FETCHED = PROJECT / ".local" / "debian" / "usr"


def program(name: str) -> Path:
    """Return where a program is, on the PATH or where ``.ci/tools`` puts it; skips the test where it is not."""
    places = (os.environ.get("PATH", ""), str(_FETCHED / "bin"), str(_FETCHED / "sbin"), "/usr/sbin")
    found = shutil.which(name, path=os.pathsep.join(places))
    if found is None:
        pytest.skip(f"needs {name}: install it, or run .ci/tools where apt is")
    return Path(found)
