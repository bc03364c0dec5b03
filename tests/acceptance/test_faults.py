"""The short form of the proof: everything is killed, wiped and cut off once, and no promise is broken."""

import os
import subprocess
import sys
from pathlib import Path

from tests.plugins.stacks import BREAKABLE

pytestmark = BREAKABLE  # xdist starts large groups first, and this one takes long: begun last, all would wait for it

PROJECT = Path(__file__).parents[2]


def test_no_fault_breaks_a_promise() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.faults", "--quick", "--seed", "1"],
        cwd=PROJECT,
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=600,
    )
    assert ended.returncode == 0, ended.stdout
    assert "0 lost, 0 sent twice, 0 wrong final status" in ended.stdout
    assert "BROKEN" not in ended.stdout
    assert "replay with: python -m tests.faults --seed 1 --quick" in ended.stdout
