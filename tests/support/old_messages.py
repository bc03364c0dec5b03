"""Messages that are old enough for their rows to go, what hangs on them, and what is left of it."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from tests.support.written_lives import Writer, sid

DAY = timedelta(days=1)
SERVICE = """
[services.default]
messaging_service_sid = "MG00000000000000000000000000000001"
"""
RETENTION = """
[tenants.default.retention]
body_days = 30
number_days = 60
history_days = 60
message_days = 90
"""
OF_A_MESSAGE = {
    "messages": "id = %(id)s",
    "attempts": "message_id = %(id)s",
    "message_events": "message_id = %(id)s",
    "fallback_steps": "message_id = %(id)s",
    "mms_links": "message_id = %(id)s",
    "meter_draws": "message_id = %(id)s",
    "notices": "message_id = %(id)s",
    "redactions": "sid = %(sid)s",
}


def old(writer: Writer, days: int = 91, **columns: Any) -> dict[str, Any]:
    """The columns of a message that was accepted and ended so long ago, and whose content and number have gone."""
    at = writer.now - days * DAY
    return {"created_at": at, "status_at": at, "to_number": "h:0", "forgotten": 2, **columns}


def is_there(writer: Writer, message_id: UUID) -> bool:
    return writer.connection.execute("select from messages where id = %s", [message_id]).fetchone() is not None


def held(writer: Writer, message_id: UUID) -> set[str]:
    """The tables that hold something of a message."""
    values = {"id": message_id, "sid": sid(message_id)}
    return {
        table
        for table, condition in OF_A_MESSAGE.items()
        if writer.connection.execute(f"select 1 from {table} where {condition}", values).fetchone()  # type: ignore[arg-type]
    }


def step(writer: Writer, message_id: UUID, state: str, sent_as: UUID | None = None) -> None:
    writer.connection.execute(
        "insert into fallback_steps (message_id, number, channel, cause, state, due_at, created_at, lease_until,"
        " sent_as) values (%s, 1, 'sms', 'undelivered', %s, now(), now(), %s, %s)",
        [message_id, state, writer.now if state == "sending" else None, sent_as],
    )


def link(writer: Writer, message_id: UUID, *, done: bool) -> None:
    writer.connection.execute(
        "insert into mms_links (message_id, promised_at, done_at) values (%s, now(), %s)",
        [message_id, writer.now if done else None],
    )


def notice(writer: Writer, message_id: UUID, state: str) -> None:
    in_hand = state == "claimed"
    writer.connection.execute(
        "insert into notices (tenant, policy, event, subject, message_id, status, at, state, due_at, lane, lease_until)"
        " values ('default', 'p', 'message.status', %s, %s, 'delivered', now(), %s, now(), %s, %s)",
        [str(message_id), message_id, state, UUID(int=1) if in_hand else None, writer.now if in_hand else None],
    )


def redaction(writer: Writer, message_id: UUID, state: str) -> None:
    writer.connection.execute(
        "insert into redactions (tenant, sid, state, due_at, lease_until, created_at)"
        " values ('default', %s, %s, now(), %s, now())",
        [sid(message_id), state, writer.now if state == "claimed" else None],
    )


def draw(writer: Writer, message_id: UUID) -> None:
    writer.connection.execute(
        "insert into meter_draws (message_id, attempt, tenant, meters, begins_ats, amounts, ends_at)"
        " values (%s, 1, 'default', '{}', '{}', '{}', %s)",
        [message_id, writer.now + DAY],
    )


def with_everything(writer: Writer, **columns: Any) -> UUID:
    """A message that something hangs on in every table, and for which nothing is owed."""
    message_id = writer.reported("undelivered", **old(writer, **columns))
    step(writer, message_id, "failed")
    link(writer, message_id, done=True)
    notice(writer, message_id, "told")
    redaction(writer, message_id, "done")
    draw(writer, message_id)
    return message_id
