"""Runs the demonstration: a file of messages through the whole pipeline, against the simulator, and then the scenes."""

import json
import time
from collections.abc import Mapping, Sequence
from functools import partial
from importlib import resources
from pathlib import Path
from typing import TextIO
from uuid import uuid4

from messaging_pipeline.accept.recipients_file import Line, read_recipients
from messaging_pipeline.configuration import DEFAULT_TENANT
from messaging_pipeline.consent.by_hand import opt_in
from messaging_pipeline.consent.ledger import ALL_SERVICES
from messaging_pipeline.consent.opt_outs import every_opt_out
from messaging_pipeline.ids import E164, MessageId, new_message_id
from messaging_pipeline.messages.state_machine import FINAL
from messaging_pipeline.number_health import record_reached
from messaging_pipeline.queues import Task
from messaging_pipeline.runtime import Runtime, build_runtime
from messaging_pipeline.settings import Settings
from messaging_pipeline.simulator.configuration import StandIns
from messaging_pipeline.simulator.control_client import SimulatorControl
from messaging_pipeline.stack.demo.ground import refuse_real_ground
from messaging_pipeline.stack.demo.playing import play_scenes
from messaging_pipeline.stack.demo.progress import Progress
from messaging_pipeline.stack.demo.summary import sum_up
from messaging_pipeline.stack.interruption import interruptible
from messaging_pipeline.stack.local import LocalStack, local_stack
from messaging_pipeline.stack.readiness import SimulatorAddress

DEMO_FOLDER = Path(".local/demo")
#: Carriers in the demonstration are quick, so that the story fits into a minute.
_CARRIER_SPEED = "4"
_API_LATENCY_MILLISECONDS = "40"
_PATIENCE_SECONDS = 120.0
_LOOK_SECONDS = 0.25

#: What opens the stand-ins of the simulator; ``data/messaging.toml`` names the variables.
_OTHERS = {
    "TWILIO_MESSAGING_SERVICE_SID": "MG" + "0" * 32,
    "SENDGRID_API_KEY": "SG.simulated",
    "DEMO_DESK_SECRET": StandIns().ticket_secret,
    "DEMO_RECEIVER_SECRET": StandIns().receiver_secret,
}

#: The demonstration talks to the simulator and its mailbox, whatever accounts the environment holds.
_REAL_WORLD = ("TWILIO_", "SMTP_URL", "SENDGRID_", "FALLBACK_", "FCM_", "MESSAGING_")


def demo(environment: Mapping[str, str], out: TextIO, *, file: Path | None = None, folder: Path = DEMO_FOLDER) -> int:
    """Send every message of ``file`` (by default our own 315) and tell what became of them.

    Returns 0 when every message has come to its end, 1 otherwise. Raises InvalidInput for a file that cannot be
    read, InvalidSettings for servers with real messages, and as ``local_stack`` does.
    """
    lines = read_recipients(file or _own_recipients())
    given = {name: value for name, value in environment.items() if not name.startswith(_REAL_WORLD)}
    refuse_real_ground(given)
    given |= _OTHERS
    simulator = ("--speed", _CARRIER_SPEED, "--latency-ms", _API_LATENCY_MILLISECONDS, "--seed", "7")
    began = time.monotonic()
    out.write("Starting Postgres, Valkey, the Twilio simulator, workers, beat and webhooks ...\n")
    with (
        interruptible(),
        local_stack(
            given, folder=folder, simulator_arguments=simulator, simulator_known=partial(_ways_out, folder)
        ) as stack,
    ):
        out.write(f"Everything runs after {time.monotonic() - began:.1f} s.\n\n")
        return _run(stack, lines, out)


def _run(stack: LocalStack, lines: Sequence[Line], out: TextIO) -> int:
    runtime = build_runtime(Settings.from_environment(stack.environment), name="messaging-pipeline-demo")
    try:
        _forget_earlier_demonstrations(runtime, lines)
        ids = _hand_over(runtime, lines)
        out.write(f"Handed {len(ids)} messages to Celery as `messaging.send`.\n\n")
        ended = _watch(runtime, stack, ids, out)
        sum_up(runtime, ids, out)
        played = _play(runtime, stack, out)
    finally:
        runtime.close()
    if not ended:
        out.write(f"\nNot every message has come to its end; the logs are in {stack.logs}\n")
    if not played:
        out.write(f"\nNot every scene has come to its end; the logs are in {stack.logs}\n")
    return 0 if ended and played else 1


def _play(runtime: Runtime, stack: LocalStack, out: TextIO) -> bool:
    assert stack.simulator is not None  # noqa: S101 - no account of Twilio's is ever handed on
    broker_url = Settings.from_environment(stack.environment).broker_url
    return play_scenes(runtime, stack.simulator.url, broker_url, out)


def _ways_out(folder: Path, simulator: SimulatorAddress) -> dict[str, str]:
    """Write the configuration that leads to this simulator; e-mail goes to its SendGrid, pushes to its Firebase."""
    config = folder.absolute() / "run" / "messaging.toml"
    text = (_data_folder() / "messaging.toml").read_text().replace("SIMULATOR", simulator.url)
    config.write_text(text.replace("STORE", str(config.parent / "media")))
    return {
        "MESSAGING_CONFIG": str(config),
        "SENDGRID_API_BASE_URL": simulator.url,
        "FCM_API_BASE_URL": simulator.url,
        "FCM_SERVICE_ACCOUNT": f"file:{_service_account(config.parent, simulator)}",
    }


def _service_account(folder: Path, simulator: SimulatorAddress) -> Path:
    """Keep what opens the simulator's Firebase where the workers find it."""
    file = folder / "service-account.json"
    with SimulatorControl(simulator.url) as control:
        file.write_text(json.dumps(control.service_account()))
    return file


def _forget_earlier_demonstrations(runtime: Runtime, lines: Sequence[Line]) -> None:
    """People who opted out, or changed their number, in an earlier demonstration are there again for this one."""
    now, people = runtime.clock.now(), {str(line.arguments.get("to")) for line in lines}
    with runtime.pool.connection() as connection:
        opted_out = list(every_opt_out(connection, DEFAULT_TENANT))
        record_reached(connection, [(DEFAULT_TENANT, E164(to)) for to in sorted(people)])
    for one in opted_out:
        opt_in(runtime.pool, DEFAULT_TENANT, ALL_SERVICES, E164(one["number"]), "another demonstration", now)


def _hand_over(runtime: Runtime, lines: Sequence[Line]) -> list[MessageId]:
    """Publish one task a message, as a producer would that has nothing but the broker."""
    run = uuid4().hex[:8]
    ids = [new_message_id() for _ in lines]
    for message_id, line in zip(ids, lines, strict=True):
        key = f"demo-{run}:{line.number}"
        arguments = {**line.arguments, "idempotency_key": key, "message_id": str(message_id)}
        runtime.publisher.publish(Task.SEND, arguments)
    return ids


def _watch(runtime: Runtime, stack: LocalStack, ids: Sequence[MessageId], out: TextIO) -> bool:
    """Show the counts while they change; return whether every message came to its end in time."""
    progress, gives_up_at = Progress(out, len(ids)), time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < gives_up_at and stack.first_failure() is None:
        counts = runtime.tracing.count_by_status(list(ids))
        open_steps = runtime.tracing.open_fallback_steps(list(ids))
        progress.show(counts)
        if sum(counts.get(status, 0) for status in FINAL) == len(ids) and not open_steps:
            progress.end()
            return True
        time.sleep(_LOOK_SECONDS)
    progress.end()
    return False


def _data_folder() -> Path:
    return Path(str(resources.files("messaging_pipeline.stack.demo.data")))


def _own_recipients() -> Path:
    return _data_folder() / "recipients.csv"
