"""Our own processes as they run on one machine: command line, environment, and when each is ready."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from messaging_pipeline.stack import command_lines
from messaging_pipeline.stack.command_lines import for_this_interpreter
from messaging_pipeline.stack.ports import LOOPBACK
from messaging_pipeline.stack.processes import ProcessSpec
from messaging_pipeline.stack.readiness import http_answers, simulator_address

MEASURED = ("deliver", "events", "webhooks")
"""The processes that serve metrics, each on a port of its own."""

_WORKER_GRACE_SECONDS = 30.0  # longer than any call to the outside may take

_LOCAL = {
    "HOST": LOOPBACK,  # some shells export the machine's name under this name
    "MESSAGING_METRICS_HOST": LOOPBACK,
    "PYTHONUNBUFFERED": "1",  # so that the logs are up to date
}


def simulator(
    environment: Mapping[str, str], log: Path, arguments: Sequence[str], *, port: int = 0, smtp_port: int = 0
) -> ProcessSpec:
    """Describe the simulator on these ports, 0 for any; ``arguments`` are added to its command line."""
    chosen = ("--port", str(port), "--smtp-port", str(smtp_port), *arguments)
    return ProcessSpec(
        name="simulator",
        argv=(*for_this_interpreter(command_lines.SIMULATOR), *chosen),
        environment={**environment, **_LOCAL},
        ready=lambda: simulator_address(log) is not None,
    )


def pipeline(environment: Mapping[str, str], run_folder: Path, metrics_ports: Mapping[str, int]) -> list[ProcessSpec]:
    """Describe the workers, beat and the webhooks, which listen on the ``PORT`` of the environment.

    A worker is ready when it serves its metrics, beat when it has opened its schedule.
    """
    measured = {
        name: {**environment, **_LOCAL, "MESSAGING_METRICS_PORT": str(metrics_ports[name])} for name in MEASURED
    }
    schedule = run_folder / "beat-schedule"
    return [
        _worker("deliver", command_lines.DELIVER_WORKER, measured["deliver"]),
        _worker("events", command_lines.EVENTS_WORKER, measured["events"]),
        ProcessSpec(
            name="beat",
            argv=(*for_this_interpreter(command_lines.BEAT), "--schedule", str(schedule)),
            environment={**environment, **_LOCAL},
            # The database module of the day adds an ending of its own to the name.
            ready=lambda: any(run_folder.glob(f"{schedule.name}*")),
        ),
        ProcessSpec(
            name="webhooks",
            argv=for_this_interpreter(command_lines.WEBHOOKS),
            environment=measured["webhooks"],
            ready=partial(http_answers, int(environment["PORT"]), "/readyz"),
        ),
    ]


def _worker(name: str, line: Sequence[str], environment: Mapping[str, str]) -> ProcessSpec:
    return ProcessSpec(
        name=name,
        argv=for_this_interpreter(line),
        environment=environment,
        ready=partial(http_answers, int(environment["MESSAGING_METRICS_PORT"]), "/metrics"),
        grace_seconds=_WORKER_GRACE_SECONDS,
    )
