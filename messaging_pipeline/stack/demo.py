"""The demonstration: a file of messages through the whole pipeline, against the simulator, with its life shown."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, TextIO
from uuid import uuid4

from messaging_pipeline.accept.recipients_file import Line, read_recipients
from messaging_pipeline.configuration import DEFAULT_TENANT
from messaging_pipeline.consent.by_hand import opt_in
from messaging_pipeline.consent.ledger import ALL_SERVICES
from messaging_pipeline.consent.opt_outs import every_opt_out
from messaging_pipeline.history.timeline import timeline
from messaging_pipeline.ids import E164, MessageId, ServiceKey, new_message_id
from messaging_pipeline.messages.state_machine import FINAL, Status
from messaging_pipeline.number_health import record_reached
from messaging_pipeline.queues import Task
from messaging_pipeline.runtime import Runtime, build_runtime
from messaging_pipeline.settings import Settings
from messaging_pipeline.stack.demo_ground import refuse_real_ground
from messaging_pipeline.stack.interruption import interruptible
from messaging_pipeline.stack.local import LocalStack, local_stack
from messaging_pipeline.stack.progress import Progress

DEMO_FOLDER = Path(".local/demo")
#: Carriers in the demonstration are quick, so that the story fits into a minute.
_CARRIER_SPEED = "4"
_API_LATENCY_MILLISECONDS = "40"
_PATIENCE_SECONDS = 120.0
_LOOK_SECONDS = 0.25

#: The demonstration talks to the simulator and its mailbox, whatever accounts the environment holds.
_REAL_WORLD = ("TWILIO_", "SMTP_URL", "SENDGRID_", "FALLBACK_", "MESSAGING_")


def demo(environment: Mapping[str, str], out: TextIO, *, file: Path | None = None, folder: Path = DEMO_FOLDER) -> int:
    """Send every message of ``file`` (by default our own 315) and tell what became of them.

    Returns 0 when every message has come to its end, 1 otherwise. Raises InvalidInput for a file that cannot be
    read, InvalidSettings for servers with real messages, and as ``local_stack`` does.
    """
    lines = read_recipients(file or _own_recipients())
    given = {name: value for name, value in environment.items() if not name.startswith(_REAL_WORLD)}
    refuse_real_ground(given)
    given["MESSAGING_CONFIG"] = str(_data_folder() / "messaging.toml")
    given["TWILIO_MESSAGING_SERVICE_SID"] = "MG" + "0" * 32
    simulator = ("--speed", _CARRIER_SPEED, "--latency-ms", _API_LATENCY_MILLISECONDS, "--seed", "7")
    began = time.monotonic()
    out.write("Starting Postgres, Valkey, the Twilio simulator, workers, beat and webhooks ...\n")
    with interruptible(), local_stack(given, folder=folder, simulator_arguments=simulator) as stack:
        out.write(f"Everything runs after {time.monotonic() - began:.1f} s.\n\n")
        return _run(stack, lines, out)


def _run(stack: LocalStack, lines: Sequence[Line], out: TextIO) -> int:
    runtime = build_runtime(Settings.from_environment(stack.environment), name="messaging-pipeline-demo")
    try:
        _forget_earlier_demonstrations(runtime, lines)
        ids = _hand_over(runtime, lines)
        out.write(f"Handed {len(ids)} messages to Celery as `messaging.send`.\n\n")
        ended = _watch(runtime, stack, ids, out)
        _sum_up(runtime, ids, out)
    finally:
        runtime.close()
    if not ended:
        out.write(f"\nNot every message has come to its end; the logs are in {stack.logs}\n")
    return 0 if ended else 1


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


def _sum_up(runtime: Runtime, ids: Sequence[MessageId], out: TextIO) -> None:
    messages = [runtime.tracing.message(message_id) for message_id in ids if _is_known(runtime, message_id)]
    statuses = Counter((message["status"], message["error_code"], message["reason"]) for message in messages)
    out.write("By final status:\n\n")
    out.writelines(
        f"  {count:5}  {status:<12} {code or '':<6} {reason or ''}\n"
        for (status, code, reason), count in sorted(statuses.items(), key=lambda one: (-one[1], str(one)))
    )
    if pace := _pace(runtime, messages):
        out.write(f"\nPace: {pace}\n")
    for title, shown in (
        ("A message that was delivered", lambda one: one["status"] == Status.DELIVERED),
        ("A message that took another attempt", _was_put_back),
        ("A message that fell back to e-mail", lambda one: bool(one["fallback"])),
    ):
        message = min(filter(shown, messages), key=lambda one: len(one["attempts"]), default=None)
        if message is not None:
            out.write(f"\n{title}:\n\n" + "".join(f"  {line}\n" for line in timeline(message)))


def _pace(runtime: Runtime, messages: Sequence[Mapping[str, Any]]) -> str:
    """Say how fast each service went: its segments over the time from its first to its last attempt."""
    told = []
    for key, service in sorted(runtime.configuration.services.items()):
        sent = [one for one in messages if one["service"] == key and one["attempts"]]
        if len(sent) < 2:  # noqa: PLR2004 - a pace needs two points
            continue
        starts = [one["attempts"][-1]["started_at"] for one in sent]
        seconds = (max(starts) - min(starts)).total_seconds()
        pace = sum(one["segments"] for one in sent) / seconds if seconds else float("nan")
        told.append(f"{key} {pace:.1f} of {service.segments_per_second:g} segments/s")
    return "; ".join(told) + _slowed(runtime)


def _slowed(runtime: Runtime) -> str:
    """One of the magic numbers meets a 429, and then the whole account goes slower for a minute."""
    factor = min(runtime.board.standing(ServiceKey(key)).factor for key in runtime.configuration.services)
    return f" (slowed down when Twilio answered 429; at {factor:.0%} now, and rising)" if factor < 1 else ""


def _was_put_back(message: Mapping[str, Any]) -> bool:
    return any(event["source"] == "policy" for event in message["events"])


def _is_known(runtime: Runtime, message_id: MessageId) -> bool:
    return bool(runtime.tracing.count_by_status([message_id]))


def _data_folder() -> Path:
    return Path(str(resources.files("messaging_pipeline.stack.demo_data")))


def _own_recipients() -> Path:
    return _data_folder() / "recipients.csv"
