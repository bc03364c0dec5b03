"""Ways to find out whether a child does its work yet."""

import json
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from messaging_pipeline.stack.ports import LOOPBACK

_TIMEOUT_SECONDS = 2.0
_HTTP_OK = 200


def http_answers(port: int, path: str) -> bool:
    """Tell whether a GET on a loopback port is answered with 200."""
    connection = HTTPConnection(LOOPBACK, port, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == _HTTP_OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


@dataclass(frozen=True, slots=True)
class SimulatorAddress:
    """Where a simulator listens, and the seed of what it does by chance."""

    url: str
    smtp_port: int
    seed: int


def simulator_address(log: Path) -> SimulatorAddress | None:
    """Return what the simulator says in its first line of JSON, or None while it has said nothing."""
    if not log.exists():
        return None
    for line in log.read_text(errors="replace").splitlines(keepends=True):
        if line.startswith("{") and line.endswith("\n"):
            said = json.loads(line)
            if "url" in said:
                return SimulatorAddress(said["url"], said["smtp_port"], said["seed"])
    return None
