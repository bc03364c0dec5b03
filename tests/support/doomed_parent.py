"""A parent that starts a child, says its id and waits to be killed: ``python -m tests.support.doomed_parent``."""

import signal
import sys
from pathlib import Path

from messaging_pipeline.stack.processes import RunningProcess
from tests.support.children import SAYS_READY, WAIT_SECONDS, says, spec


def main(folder: Path) -> None:
    log = folder / "orphan.log"
    child = RunningProcess(spec(SAYS_READY, ready=says(log)), log)
    child.wait_until_ready(WAIT_SECONDS)
    print(child.pid, flush=True)
    signal.pause()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
