"""Runs the whole pipeline on this machine until it is told to stop."""

import time
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TextIO

from messaging_pipeline.settings import REAL_TWILIO_API, Settings
from messaging_pipeline.stack.interruption import interruptible
from messaging_pipeline.stack.local import DEFAULT_FOLDER, LocalStack, local_stack
from messaging_pipeline.stack.other_shell import how_to_join
from messaging_pipeline.stack.own_configuration import own_configuration
from messaging_pipeline.stack.ports import LOOPBACK
from messaging_pipeline.stack.processes import ProcessFailed
from messaging_pipeline.stack.readiness import SimulatorAddress

_LOOK_SECONDS = 0.25


def up(environment: Mapping[str, str], out: TextIO, *, folder: Path = DEFAULT_FOLDER) -> int:
    """Start everything, say where it is, and wait for SIGINT, SIGTERM or the end of a process.

    Returns 0 when it was told to stop, 1 when a process ended by itself. Raises as ``local_stack`` does when
    it cannot start.
    """
    failure: ProcessFailed | None = None
    with interruptible(), suppress(KeyboardInterrupt):
        _say(out, "Starting; the first time takes a few seconds.")
        configured = partial(_configured, environment, folder)
        with local_stack(environment, folder=folder, simulator_known=configured) as stack:
            _say(out, *_where_everything_is(stack), *how_to_join(stack), "Stop with Ctrl-C.")
            failure = _watch(stack, out)
    _say(out, "Stopped, nothing left running.")
    return 0 if failure is None else 1


def _configured(given: Mapping[str, str], folder: Path, _: SimulatorAddress) -> Mapping[str, str]:
    return own_configuration(given, folder)


def _watch(stack: LocalStack, out: TextIO) -> ProcessFailed | None:
    """Wait, and return what ended by itself, or None when we are told to stop."""
    try:
        failure = _first_failure(stack)
    except KeyboardInterrupt:
        _say(out, "", "Stopping; what is under way is finished first.")
        return None
    _say(out, "", str(failure), "Stopping the others.")
    return failure


def _first_failure(stack: LocalStack) -> ProcessFailed:
    while (failure := stack.first_failure()) is None:
        time.sleep(_LOOK_SECONDS)
    return failure


def _where_everything_is(stack: LocalStack) -> list[str]:
    lines = ["", "The pipeline runs.", *_moved(stack), "", f"  webhooks   http://{LOOPBACK}:{stack.webhooks_port}"]
    if stack.simulator is None:
        api = Settings.from_environment(stack.environment).api_base_url
        warning = ", with your account: messages cost money and reach people" if api == REAL_TWILIO_API else ""
        lines.append(f"  Twilio     {api}{warning}")
    else:
        lines.append(f"  simulator  {stack.simulator.url} (seed {stack.simulator.seed}); nothing leaves this machine")
    lines += [f"  metrics    http://{LOOPBACK}:{port}/metrics ({name})" for name, port in stack.metrics_ports.items()]
    return [*lines, f"  logs       {stack.logs}", ""]


def _moved(stack: LocalStack) -> list[str]:
    wanted = Settings.from_environment(stack.given).port
    if wanted in {0, stack.webhooks_port}:
        return []
    return [f"port {wanted} is taken; the webhooks listen on {stack.webhooks_port}"]


def _say(out: TextIO, *lines: str) -> None:
    out.writelines(f"{line}\n" for line in lines)
    out.flush()
