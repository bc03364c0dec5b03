"""What became of the messages: counts, paces, and the lives of a few of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from messaging_pipeline.history.timeline import timeline
from messaging_pipeline.ids import MessageId, ServiceKey
from messaging_pipeline.messages.state_machine import Status
from messaging_pipeline.runtime import Runtime


def sum_up(runtime: Runtime, ids: Sequence[MessageId], out: TextIO) -> None:
    """Tell how all of these messages ended, and how a few of them came there."""
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
