"""A parent that starts a private server, says its id and waits to be killed."""

import signal
import sys
from pathlib import Path

from messaging_pipeline.stack.embedded import start_postgres, start_valkey


def main(folder: Path, server: str) -> None:
    start = {"postgres": start_postgres, "valkey": start_valkey}[server]
    print(start(folder).pid, flush=True)
    signal.pause()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
