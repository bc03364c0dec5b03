"""A message's life, written for a person."""

from datetime import datetime
from typing import Any

from messaging_pipeline.messages.phone_numbers import masked


def timeline(message: dict[str, Any]) -> list[str]:
    """Return the lines; the recipient's number is masked."""
    began: datetime = message["created_at"]
    return [
        f"message   {message['id']}",
        f"to        {masked(message['to']) if message['to'] else '(none)'}",
        f"service   {message['tenant']}/{message['service']}",
        f"content   {message['segments']} segment(s), {message['encoding']}",
        f"status    {_with_reason(message)}",
        f"sid       {message['sid'] or '(none yet)'}",
        "",
        f"{began:%Y-%m-%d %H:%M:%S} UTC",
        *(f"  {_offset(at, began)}  {text}" for at, text in sorted(_happenings(message), key=lambda one: one[0])),
    ]


def _with_reason(message: dict[str, Any]) -> str:
    code = f" ({message['error_code']})" if message["error_code"] else ""
    return f"{message['status']}{code}" + (f": {message['reason']}" if message["reason"] else "")


def _happenings(message: dict[str, Any]) -> list[tuple[datetime, str]]:
    return [
        *((event["at"], _event(event)) for event in message["events"]),
        *((attempt["started_at"], f"attempt {attempt['number']} leaves for Twilio") for attempt in message["attempts"]),
        *(
            (step["created_at"], f"fallback {step['number']} ({step['channel']}) starts")
            for step in message["fallback"]
        ),
        *(
            (
                step["finished_at"],
                f"fallback {step['number']} ({step['channel']}) {step['state']}: {step['explanation']}",
            )
            for step in message["fallback"]
            if step["finished_at"]
        ),
    ]


def _event(event: dict[str, Any]) -> str:
    code = f" {event['error_code']}" if event["error_code"] else ""
    detail = f": {event['detail']}" if event["detail"] else ""
    kept = "" if event["moved"] else "  [kept, changed nothing]"
    return f"{event['status']}{code} ({event['source']}){detail}{kept}"


def _offset(at: datetime, began: datetime) -> str:
    return f"+{(at - began).total_seconds():8.3f} s"
