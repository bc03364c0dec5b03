"""Steps on their way out, with defaults for everything a test does not care about."""

from typing import Any
from uuid import UUID

from messaging_pipeline.fallback.leaving import Leaving
from messaging_pipeline.ids import MessageId
from messaging_pipeline.messages.plan import stored_plan
from tests.support.factories import RECIPIENT

MESSAGE_ID = MessageId(UUID("01a20ae3-36f1-71b2-9f95-11ed72e1abd2"))


def leaving(step: dict[str, Any], **changes: Any) -> Leaving:
    """Return a step of a message that a landline did not take."""
    (planned,) = stored_plan([step])
    values: dict[str, Any] = {
        "step": planned,
        "message_id": MESSAGE_ID,
        "number": 1,
        "tenant": "default",
        "service": "default",
        "to": RECIPIENT,
        "from_": None,
        "body": "Your table is ready.",
        "media_urls": [],
        "cause": "undelivered",
        "error_code": 30006,
        "tags": {"booking": "4711"},
        **changes,
    }
    return Leaving(**values)
