"""A message's life, written for a person."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from messaging_pipeline.messages.phone_numbers import masked

#: Whose lines that change nothing were not meant to.
_NOTES = frozenset({"policy", "operator"})
_GONE = ("", "; its text has gone", "; its text and the number have gone")


def timeline(message: dict[str, Any]) -> list[str]:
    """Return the lines; the recipient's number is masked."""
    began: datetime = message["created_at"]
    return [
        f"message   {message['id']}",
        f"to        {masked(message['to']) if message['to'] else '(none)'}",
        f"service   {message['tenant']}/{message['service']}",
        f"content   {message['segments']} segment(s), {message['encoding']}{_GONE[message['forgotten']]}",
        f"status    {_with_reason(message)}",
        *_waits(message.get("waits")),
        f"sid       {message['sid'] or '(none yet)'}",
        *_gone_history(message["history_forgotten_at"]),
        "",
        f"{began:%Y-%m-%d %H:%M:%S} UTC",
        *(f"  {_offset(at, began)}  {text}" for at, text in sorted(_happenings(message), key=lambda one: one[0])),
    ]


def _waits(reason: str | None) -> Iterator[str]:
    if reason is not None:
        yield f"waits     {reason}"


def _gone_history(forgotten_at: datetime | None) -> Iterator[str]:
    if forgotten_at is not None:
        yield f"history   was let go on {forgotten_at:%Y-%m-%d} (history_days); below is what remains"


def _with_reason(message: dict[str, Any]) -> str:
    code = f" ({message['error_code']})" if message["error_code"] else ""
    gate = f" at the gate {message['gate']}" if message["gate"] else ""
    return f"{message['status']}{code}{gate}" + (f": {message['reason']}" if message["reason"] else "")


def _happenings(message: dict[str, Any]) -> list[tuple[datetime, str]]:
    return [
        *((event["at"], _event(event)) for event in message["events"]),
        *((attempt["started_at"], f"attempt {attempt['number']} leaves for Twilio") for attempt in message["attempts"]),
        *(happening for step in message["fallback"] for happening in _step(step)),
    ]


def _step(step: dict[str, Any]) -> Iterator[tuple[datetime, str]]:
    name = f"fallback {step['number']} ({step['channel']})"
    if step["state"] == "planned":
        yield step["created_at"], f"{name} starts at {step['due_at']:%Y-%m-%d %H:%M:%S} UTC unless the message arrives"
    elif step["state"] != "withdrawn":
        yield step["created_at"], f"{name} starts"
    if step["finished_at"]:
        yield step["finished_at"], f"{name} {step['state']}: {step['explanation']}{_sent_as(step)}"
    if step["overtaken_at"]:
        yield step["overtaken_at"], f"the message arrived although {name} had left"


def _sent_as(step: dict[str, Any]) -> str:
    """How the message stands that was sent in the first one's place; of one that failed the explanation tells."""
    return f", which is {step['sent_as_status']}" if step["state"] == "sent" and step["sent_as_status"] else ""


def _event(event: dict[str, Any]) -> str:
    code = f" {event['error_code']}" if event["error_code"] else ""
    detail = f": {event['detail']}" if event["detail"] else ""
    kept = "" if event["moved"] or event["source"] in _NOTES else "  [kept, changed nothing]"
    return f"{event['status']}{code} ({event['source']}){detail}{kept}"


def _offset(at: datetime, began: datetime) -> str:
    return f"+{(at - began).total_seconds():8.3f} s"
