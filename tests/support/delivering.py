"""Runs lanes as workers would, and asks the simulator what it has seen."""

import json
import threading
from typing import Any
from urllib.request import urlopen

from messaging_pipeline.ids import MessageId, ServiceKey
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.worker_runtime import WorkerRuntime

DEFAULT = ServiceKey("default")
_MOST_ROUNDS = 2_000
_BETWEEN_ROUNDS_SECONDS = 0.005


def drain(runtime: WorkerRuntime, service: ServiceKey = DEFAULT) -> None:
    """Run lanes until nothing is due; tokens come by the server's real clock."""
    for _ in range(_MOST_ROUNDS):
        runtime.lane.run(service)
        backlog = runtime.base.tracing.backlog(runtime.base.clock.now())
        if not backlog.get(service, {}).get("due"):
            return
        threading.Event().wait(_BETWEEN_ROUNDS_SECONDS)
    raise AssertionError(f"messages are still due after {_MOST_ROUNDS} rounds")


def run_lanes(runtime: WorkerRuntime, service: ServiceKey = DEFAULT, *, rounds: int = 60) -> None:
    """Run lanes for long enough that whatever may leave has left, where something may not."""
    for _ in range(rounds):
        runtime.lane.run(service)
        threading.Event().wait(_BETWEEN_ROUNDS_SECONDS)


def creates(simulator: Simulator, to: str | None = None) -> list[dict[str, Any]]:
    """Return every create request that the simulator received, in order."""
    with urlopen(f"{simulator.url}/simulator/ledger") as answer:
        rows = json.load(answer)["creates"]
    return [row for row in rows if to is None or row["to"] == to]


def show(runtime: WorkerRuntime, message_id: MessageId) -> dict[str, Any]:
    """Return a message as ``messages show`` does."""
    return runtime.base.tracing.message(message_id)
