"""Withdraws a message that no worker has taken yet."""

from datetime import datetime

from messaging_pipeline.db.pool import Pool
from messaging_pipeline.db.queries import sql
from messaging_pipeline.errors import NotAllowed
from messaging_pipeline.history.tracing import Tracing
from messaging_pipeline.ids import MessageId
from messaging_pipeline.messages.state_machine import Status

_REASON = "withdrawn before it was sent"


def cancel(pool: Pool, message_id: MessageId, tenant: str, now: datetime) -> None:
    """Cancel a pending message; cancelling it again changes nothing.

    Raises NotFound, or NotAllowed naming the status it has reached.
    """
    values = {"id": message_id, "tenant": tenant, "now": now, "reason": _REASON}
    with pool.connection() as connection:
        if connection.execute(sql("cancel_pending"), values).fetchone() is not None:
            return
    status = Tracing(pool).message(message_id, tenant)["status"]
    if status != Status.CANCELED:
        raise NotAllowed(f"message {message_id} is {status}; only a pending message can be canceled")
